import type { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';

/** Lambda takes at most 6 MB in a synchronous invocation. */
export const MAX_LAMBDA_BYTES = 6 * 1024 * 1024;

type LambdaEvent = Parameters<ReturnType<typeof handle>>[0];
type LambdaAnswer = Awaited<ReturnType<ReturnType<typeof handle>>>;

/** Bytes of an event's body once decoded. */
const decodedLength = ({ body, isBase64Encoded }: LambdaEvent): number =>
  Buffer.byteLength(body ?? '', isBase64Encoded ? 'base64' : 'utf8');

/**
 * A Lambda handler for a hono app behind an API Gateway HTTP API (payload format 2.0). The body's decoded length is
 * checked before hono sees the event, whatever its headers say (CVE-2026-54288).
 */
export const createLambdaHandler = (
  app: Hono,
  maxBytes: number = MAX_LAMBDA_BYTES,
): ((event: LambdaEvent) => Promise<LambdaAnswer>) => {
  const answer = handle(app);
  return async (event) => {
    if (decodedLength(event) > maxBytes) {
      return {
        statusCode: 413,
        headers: { 'content-type': 'application/json' },
        isBase64Encoded: false,
        body: JSON.stringify({ error: 'body-too-large', message: `the body may have at most ${maxBytes} bytes` }),
      };
    }
    return answer(event);
  };
};
