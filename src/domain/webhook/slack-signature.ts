import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { headerOf, type WebhookHeaders } from './request.ts';

/** How far a request's time may lie from now, either way, in seconds. */
const TOLERANCE_SECONDS = 300;

const digest = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/**
 * True where Slack signed these bytes with one of the secrets, not more than five minutes from `now` (ms). An empty secret
 * proves nothing. Source: https://docs.slack.dev/authentication/verifying-requests-from-slack/
 */
export const isSignedBySlack = (
  { headers, body }: { headers: WebhookHeaders; body: Uint8Array },
  secrets: readonly string[],
  now: number,
): boolean => {
  const timestamp = headerOf(headers, 'x-slack-request-timestamp') ?? '';
  const hex = /^v0=([0-9a-f]{64})$/.exec(headerOf(headers, 'x-slack-signature') ?? '')?.[1];
  if (hex === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const given = Buffer.from(hex, 'hex');
  const signs = (secret: string): boolean => {
    const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest();
    return timingSafeEqual(digest(expected), digest(given));
  };
  return secrets.filter((secret) => secret !== '' && signs(secret)).length > 0;
};
