import { type Context, Hono } from 'hono';
import { AppError, isKind } from '../../domain/errors.ts';
import type { ReceiveWebhook, WebhookRequest } from '../../domain/webhook/request.ts';
import type { Log } from '../../ports/log.ts';
import { readBounded } from './bounded-body.ts';

/** GitHub sends no payload above this. */
export const MAX_WEBHOOK_BYTES = 25 * 1024 * 1024;

/** Takes in what Slack sends when a button is pressed; no `error`: it was taken. */
type ReceiveSlack = (request: Pick<WebhookRequest, 'headers' | 'body'>) => Promise<{
  status: 200 | 400 | 401 | 415;
  error?: { error: string; message: string };
}>;

export interface WebhookAppDeps {
  receive: ReceiveWebhook;
  /** Absent: there is no `/webhooks/slack`. */
  receiveSlack?: ReceiveSlack;
  log: Log;
  /** Most bytes of a body; default: 25 MiB. */
  maxBytes?: number;
}

/** Webhook URLs and whose rules they follow; `/api/webhook` is Argo CD's, so that existing hooks keep working. */
export const WEBHOOK_PATHS: Readonly<Record<string, WebhookRequest['forge']>> = {
  '/webhooks/github': 'github',
  '/webhooks/gitlab': 'gitlab',
  '/api/webhook': 'auto',
};

/**
 * The HTTP side of the webhook edge: POST on each of WEBHOOK_PATHS, 405 for other methods, 404 elsewhere. Answers JSON.
 * What the use case rejects with is logged once, without the body: 503 where it will pass (the forge or a person
 * delivers again), else 500.
 */
export const createWebhookApp = ({
  receive,
  receiveSlack,
  log,
  maxBytes = MAX_WEBHOOK_BYTES,
}: WebhookAppDeps): Hono => {
  const app = new Hono();
  if (receiveSlack) addSlack(app, receiveSlack);
  for (const [path, forge] of Object.entries(WEBHOOK_PATHS)) {
    app.post(path, async (c) => {
      const body = await readBounded(c.req.raw, maxBytes);
      if (!body) {
        return c.json({ error: 'body-too-large', message: `the body may have at most ${maxBytes} bytes` }, 413);
      }
      const answer = await receive({ forge, headers: Object.fromEntries(c.req.raw.headers), body });
      return c.json(answer.body, answer.status);
    });
    app.all(path, (c) => c.json({ error: 'method-not-allowed', message: 'use POST' }, 405, { allow: 'POST' }));
  }
  app.notFound((c) => c.json({ error: 'not-found', message: 'there is no such URL' }, 404));
  app.onError((error, c) => answerError(error, c, log));
  return app;
};

/** An interaction is a few kilobytes: it quotes the message that it is of. */
const MAX_SLACK_BYTES = 256 * 1024;
const SLACK_PATH = '/webhooks/slack';

const addSlack = (app: Hono, receive: ReceiveSlack): void => {
  app.post(SLACK_PATH, async (c) => {
    const body = await readBounded(c.req.raw, MAX_SLACK_BYTES);
    if (!body)
      return c.json({ error: 'body-too-large', message: `the body may have at most ${MAX_SLACK_BYTES} bytes` }, 413);
    const { status, error } = await receive({ headers: Object.fromEntries(c.req.raw.headers), body });
    return error ? c.json(error, status) : c.body(null, 200);
  });
  app.all(SLACK_PATH, (c) => c.json({ error: 'method-not-allowed', message: 'use POST' }, 405, { allow: 'POST' }));
};

const answerError = (error: Error, c: Context, log: Log): Response => {
  log.error('webhook failed', { path: c.req.path, ...describeError(error) });
  return isKind(error, 'transient')
    ? c.json({ error: 'unavailable', message: 'try again later' }, 503)
    : c.json({ error: 'internal', message: 'an unexpected error was logged' }, 500);
};

/** Our own errors are safe to log; a defect's message may quote the body, so only its type and place are. */
const describeError = (error: Error): Record<string, unknown> =>
  error instanceof AppError
    ? { code: error.code, error: error.message }
    : { code: 'defect', error: error.name, at: (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) };
