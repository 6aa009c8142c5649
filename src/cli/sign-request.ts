import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { permanent } from '../domain/errors.ts';

/** Temporary or lasting AWS credentials. */
export interface Identity {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** `abc123.execute-api.eu-west-1.amazonaws.com`: what API Gateway calls an API that has no domain of its own. */
const EXECUTE_API = /^[a-z0-9]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

/** The region of an API Gateway endpoint; undefined for any other host, which asks for no AWS signature. */
export const executeApiRegion = (url: URL): string | undefined =>
  url.protocol === 'https:' ? EXECUTE_API.exec(url.hostname)?.[1] : undefined;

/** The credentials that the AWS command line would take. Errors: AppError `credentials-missing` (permanent). */
export const awsIdentity = async (): Promise<Identity> => {
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  try {
    return await fromNodeProviderChain()();
  } catch (error) {
    const remedy = 'the server asks for an AWS signature: log in (aws sso login) or set AWS_PROFILE';
    throw permanent('credentials-missing', `no AWS credentials found: ${remedy}`, { cause: error });
  }
};

export interface RequestToSign {
  method: string;
  url: URL;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** The request's headers with those of an AWS SigV4 signature for `execute-api` in a region, made at `now`. */
export const signedHeaders = async (
  { method, url, headers, body }: RequestToSign,
  { identity, region, now }: { identity: Identity; region: string; now: Date },
): Promise<Record<string, string>> => {
  const request = new HttpRequest({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { ...headers, host: url.host },
    body,
  });
  const signer = new SignatureV4({ service: 'execute-api', region, credentials: identity, sha256: Sha256 });
  const signed = await signer.sign(request, { signingDate: now });
  // fetch sets the host by itself and takes none.
  const { host: _host, ...sent } = signed.headers;
  return sent;
};
