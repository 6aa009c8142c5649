import type { ScriptedAnswer } from './scripted-server.ts';
import { presignedSignature } from './sigv4.ts';

export const ownKey = { accessKeyId: 'AKIDOWN', secretAccessKey: 'own-secret' };
const roleKey = { accessKeyId: 'ASIAROLE', secretAccessKey: 'role-secret', sessionToken: 'role-session' };
const secretKeys: Record<string, string> = { AKIDOWN: 'own-secret', ASIAROLE: 'role-secret' };
export const roleARN = 'arn:aws:iam::111122223333:role/towline-prod';
export const start = Date.UTC(2026, 0, 1);
export const minute = 60_000;

const xml = (body: string): ScriptedAnswer => ({ headers: { 'content-type': 'text/xml' }, text: body });

export const assumed = (expiration: Date): ScriptedAnswer =>
  xml(`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
    <AccessKeyId>${roleKey.accessKeyId}</AccessKeyId><SecretAccessKey>${roleKey.secretAccessKey}</SecretAccessKey>
    <SessionToken>${roleKey.sessionToken}</SessionToken><Expiration>${expiration.toISOString()}</Expiration>
  </Credentials></AssumeRoleResult></AssumeRoleResponse>`);

export const denied = (status: number): ScriptedAnswer => ({
  status,
  headers: { 'x-amzn-errortype': 'AccessDeniedException' },
  json: { message: 'not authorized' },
});

/** What EKS does with a token: takes the URL out and asks STS, with the cluster's name as header, whether it is good. */
export const urlOf = (authorization: string | undefined): URL => {
  const encoded = /^Bearer k8s-aws-v1\.([\w-]+)$/.exec(authorization ?? '')?.[1] ?? '';
  return new URL(Buffer.from(encoded, 'base64url').toString());
};

export const whoSigned = (url: URL, clusterName: string): string | undefined => {
  const accessKeyId = url.searchParams.get('X-Amz-Credential')?.split('/')[0] ?? '';
  const headers = { host: url.host, 'x-k8s-aws-id': clusterName };
  const signature = presignedSignature(url, headers, secretKeys[accessKeyId] ?? '');
  return signature === url.searchParams.get('X-Amz-Signature') ? accessKeyId : undefined;
};
