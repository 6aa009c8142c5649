import { Sha256 } from '@aws-crypto/sha256-js';
import type { STSClient } from '@aws-sdk/client-sts';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';

/** Temporary or lasting AWS credentials; `expiration` as the SDK gives it. */
export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/** Where the SDK would send an STS call: the region's own endpoint, or what AWS_ENDPOINT_URL_STS says. */
export const stsAddress = async (sts: STSClient): Promise<HttpRequest> => {
  let found: HttpRequest | undefined;
  const command = new GetCallerIdentityCommand({});
  command.middlewareStack.add(
    () => async (args) => {
      if (HttpRequest.isInstance(args.request)) found = args.request;
      return { response: undefined, output: { $metadata: {} } };
    },
    { step: 'build', priority: 'low', name: 'addressOnly' },
  );
  await sts.send(command);
  if (!found) throw new Error('the STS client made no request');
  return found;
};

export interface EksTokenInput {
  clusterName: string;
  region: string;
  credentials: AwsCredentials;
  /** As `stsAddress` found it. */
  sts: Pick<HttpRequest, 'protocol' | 'hostname' | 'port' | 'path'>;
  now: Date;
}

/**
 * The bearer token that EKS expects: `k8s-aws-v1.` and the unpadded base64url of a GetCallerIdentity URL, presigned for 60
 * seconds with the cluster's name as a signed header. Rule: aws-iam-authenticator, pkg/token.
 */
export const eksToken = async ({ clusterName, region, credentials, sts, now }: EksTokenInput): Promise<string> => {
  const { protocol, hostname, port, path } = sts;
  const request = new HttpRequest({
    method: 'GET',
    protocol,
    hostname,
    ...(port === undefined ? {} : { port }),
    path,
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: port === undefined ? hostname : `${hostname}:${port}`, 'x-k8s-aws-id': clusterName },
  });
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 });
  const { query } = await signer.presign(request, { expiresIn: 60, signingDate: now });
  const parameters = Object.entries(query ?? {}).map(([key, value]) => {
    return `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`;
  });
  const url = `${protocol}//${request.headers.host}${path}?${parameters.join('&')}`;
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
};

/** A RoleSessionName out of any text: STS allows 2 to 64 of `A-Z a-z 0-9 _ + = , . @ -`. */
export const roleSessionName = (session: string): string =>
  session
    .replace(/[^\w+=,.@-]/g, '-')
    .slice(0, 64)
    .padEnd(2, '-');
