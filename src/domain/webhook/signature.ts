import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { headerOf, type WebhookHeaders } from './request.ts';

/** How far a signed timestamp may lie from now, either way: five minutes in seconds (Standard Webhooks). */
const TOLERANCE_SECONDS = 300;
const MAX_SIGNATURES = 10;

/** What a request shows to prove who sent it. At most one proof is looked at, the strongest that is there. */
export type Proof =
  | { type: 'github-hmac'; signature: Buffer }
  | { type: 'gitlab-hmac'; id: string; timestamp: string; signatures: Buffer[] }
  | { type: 'gitlab-token'; token: string };

/** Compares without telling by its time where two values differ; lengths may be unlike. */
const sameBytes = (a: Buffer, b: Buffer): boolean => timingSafeEqual(digest(a), digest(b));

const digest = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/**
 * The proof among a request's headers, or undefined where there is none that can be true. A request that carries
 * `webhook-signature` is judged by it alone, so nobody strips a hook down to its token.
 * Source: reliability-security.md §2.
 */
export const proofOf = (forge: 'github' | 'gitlab', headers: WebhookHeaders): Proof | undefined => {
  if (forge === 'github') return githubProof(headers);
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  if (names.includes('webhook-signature')) return gitlabProof(headers);
  const token = headerOf(headers, 'x-gitlab-token');
  return token === undefined ? undefined : { type: 'gitlab-token', token };
};

const githubProof = (headers: WebhookHeaders): Proof | undefined => {
  const hex = /^sha256=([0-9a-f]{64})$/i.exec(headerOf(headers, 'x-hub-signature-256') ?? '')?.[1];
  return hex === undefined ? undefined : { type: 'github-hmac', signature: Buffer.from(hex, 'hex') };
};

const gitlabProof = (headers: WebhookHeaders): Proof | undefined => {
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signatures = (headerOf(headers, 'webhook-signature') ?? '')
    .split(' ')
    .slice(0, MAX_SIGNATURES)
    .flatMap((part) => /^v1,([A-Za-z0-9+/]{43}=)$/.exec(part)?.[1] ?? [])
    .map((base64) => Buffer.from(base64, 'base64'));
  if (id === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp) || signatures.length === 0) {
    return undefined;
  }
  return { type: 'gitlab-hmac', id, timestamp, signatures };
};

/** The key of a Standard Webhooks secret: what follows `whsec_` in base64, or the secret's own bytes. */
const hmacKey = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret, 'utf8');

/**
 * True where the proof was made with this secret over these bytes. `now` in ms since the epoch; only GitLab's signature
 * has a time to compare it with. An empty secret proves nothing.
 */
export const isProvenBy = (proof: Proof, secret: string, body: Uint8Array, now: number): boolean => {
  if (secret === '') return false;
  if (proof.type === 'gitlab-token') return sameBytes(Buffer.from(proof.token), Buffer.from(secret));
  if (proof.type === 'github-hmac') {
    return sameBytes(createHmac('sha256', secret).update(body).digest(), proof.signature);
  }
  const key = hmacKey(secret);
  if (key.length === 0 || Math.abs(now / 1000 - Number(proof.timestamp)) > TOLERANCE_SECONDS) return false;
  const expected = createHmac('sha256', key).update(`${proof.id}.${proof.timestamp}.`).update(body).digest();
  return proof.signatures.filter((signature) => sameBytes(expected, signature)).length > 0;
};
