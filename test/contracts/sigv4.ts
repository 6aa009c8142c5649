import { createHash, createHmac } from 'node:crypto';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * The SigV4 signature that AWS would compute for a presigned GET with an empty body, from the URL, the headers that came
 * with it and the secret key: written from AWS' documentation, with no library shared with what it checks.
 */
export const presignedSignature = (
  url: URL,
  headers: Record<string, string | undefined>,
  secretKey: string,
): string => {
  const query = url.searchParams;
  const date = query.get('X-Amz-Date') ?? '';
  const [, ...scope] = (query.get('X-Amz-Credential') ?? '').split('/');
  const signed = (query.get('X-Amz-SignedHeaders') ?? '').split(';');
  const canonicalQuery = [...query]
    .filter(([key]) => key !== 'X-Amz-Signature')
    .map(([key, value]) => `${encode(key)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonicalHeaders = signed.map((name) => `${name}:${headers[name] ?? ''}\n`).join('');
  const canonical = ['GET', url.pathname, canonicalQuery, canonicalHeaders, signed.join(';'), sha256('')].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<Buffer | string>((parent, part) => hmac(parent, part), `AWS4${secretKey}`);
  return hmac(key, toSign).toString('hex');
};

interface SignedRequest {
  method: string;
  url: URL;
  headers: Record<string, string | undefined>;
  body: string;
}

/**
 * The SigV4 signature that AWS would compute for a request signed in its headers. Every service but S3 encodes the path a
 * second time (AWS: "Create a signed AWS API request").
 */
export const headerSignature = ({ method, url, headers, body }: SignedRequest, secretKey: string): string => {
  const authorization = headers['authorization'] ?? '';
  const [, ...scope] = (/Credential=([^,]+)/.exec(authorization)?.[1] ?? '').split('/');
  const signed = (/SignedHeaders=([^,]+)/.exec(authorization)?.[1] ?? '').split(';');
  const path = url.pathname.split('/').map(encode).join('/');
  const query = [...url.searchParams]
    .map(([key, value]) => `${encode(key)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonicalHeaders = signed.map((name) => `${name}:${headers[name] ?? ''}\n`).join('');
  const canonical = [method, path, query, canonicalHeaders, signed.join(';'), sha256(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'] ?? '', scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<Buffer | string>((parent, part) => hmac(parent, part), `AWS4${secretKey}`);
  return hmac(key, toSign).toString('hex');
};
