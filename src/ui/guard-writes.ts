import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { AppError } from '../domain/errors.ts';

const MAX_BODY_BYTES = 4_096;

/**
 * Lets a POST to one of `paths` through only as JSON of at most 4 KiB, and none from a page of another origin: it has no
 * way to send `application/json` unasked, and its Origin is refused. Answers 403, 413 or 415 else.
 */
export const guardWrites = (app: Hono, paths: string[], { publicURL }: { publicURL?: string | undefined }): void => {
  app.on('POST', paths, async (c, next) => {
    const refused = refusal(c, publicURL);
    return refused ? c.json(...refused) : next();
  });
  const onError = (c: Context): Response =>
    c.json({ error: 'body-too-large', message: `the body may have at most ${MAX_BODY_BYTES} bytes` }, 413);
  app.on('POST', paths, bodyLimit({ maxSize: MAX_BODY_BYTES, onError }));
};

/** Answers an AppError as `{error, message}`; a defect is thrown on. */
export const answerErrors = (app: Hono): void => {
  app.onError((error, c) => {
    if (!(error instanceof AppError)) throw error;
    return c.json({ error: error.code, message: error.message }, statusOf(error));
  });
};

/** The value of a JSON text; undefined where it is none. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

type Refusal = [{ error: string; message: string }, 403 | 415];

const refusal = (c: Context, publicURL: string | undefined): Refusal | undefined => {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    return [{ error: 'content-type', message: 'send content-type: application/json' }, 415];
  }
  const origin = c.req.header('origin');
  if (origin === undefined || origin === new URL(publicURL ?? c.req.url).origin) return undefined;
  return [{ error: 'foreign-origin', message: `requests from ${origin} are refused` }, 403];
};

const UNKNOWN: readonly string[] = ['application-unknown', 'rollout-unknown', 'delivery-unknown'];

/** What is unknown is 404, what cannot be done as things stand is 409, what may pass is 503. */
const statusOf = ({ kind, code }: AppError): 404 | 409 | 503 | 500 => {
  if (kind === 'transient') return 503;
  if (kind === 'permanent') return 500;
  return UNKNOWN.includes(code) ? 404 : 409;
};
