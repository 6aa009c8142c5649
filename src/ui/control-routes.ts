import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as v from 'valibot';
import type { Control } from '../app/control/control.ts';
import { AppError } from '../domain/errors.ts';

const MAX_BODY_BYTES = 4_096;

const RollbackSchema = v.strictObject({ generation: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))) });
const ApprovalSchema = v.strictObject({ all: v.optional(v.boolean(), false) });

const ResourceSchema = v.strictObject({
  group: v.optional(v.string(), ''),
  kind: v.string(),
  namespace: v.optional(v.string()),
  name: v.string(),
});
const SyncSchema = v.strictObject({
  prune: v.optional(v.boolean()),
  force: v.optional(v.boolean()),
  dryRun: v.optional(v.boolean()),
  strategy: v.optional(v.picklist(['hook', 'apply'])),
  resources: v.optional(v.pipe(v.array(ResourceSchema), v.minLength(1))),
});

/**
 * The API's writes: POST with a JSON body, answered 202 with what was asked for. A page of another origin cannot send them:
 * it has no way to send `application/json` unasked, and its Origin is refused.
 * Errors: `{error, message}` with 400, 403, 404, 409, 413 or 415.
 */
export const createControlRoutes = (control: Control, { publicURL }: { publicURL?: string | undefined }): Hono => {
  const app = new Hono();
  const written = ['/api/v1/applications/*', '/api/v1/rollouts/*'];
  app.on('POST', written, async (c, next) => {
    const refused = refusal(c, publicURL);
    return refused ? c.json(...refused) : next();
  });
  const onError = (c: Context): Response =>
    c.json({ error: 'body-too-large', message: `the body may have at most ${MAX_BODY_BYTES} bytes` }, 413);
  app.on('POST', written, bodyLimit({ maxSize: MAX_BODY_BYTES, onError }));
  app.post('/api/v1/applications/:namespace/:name/sync', async (c) => {
    const asked = v.safeParse(SyncSchema, parseJson((await c.req.text()) || '{}'));
    if (asked.success) return c.json(await control.sync(idOf(c), asked.output), 202);
    const fields = 'prune, force, dryRun (true or false), strategy ("hook" or "apply") and resources, all optional';
    return c.json({ error: 'body-invalid', message: `the body is an object of ${fields}` }, 400);
  });
  app.post('/api/v1/applications/:namespace/:name/terminate', async (c) =>
    c.json(await control.terminate(idOf(c)), 202),
  );
  app.post('/api/v1/applications/:namespace/:name/approve', async (c) => c.json(await control.approve(idOf(c)), 202));
  app.post('/api/v1/applications/:namespace/:name/refresh', async (c) => c.json(await control.refresh(idOf(c)), 202));
  app.post('/api/v1/applications/:namespace/:name/resume', async (c) => c.json(await control.resume(idOf(c)), 202));
  app.post('/api/v1/applications/:namespace/:name/rollback', async (c) => {
    const asked = v.safeParse(RollbackSchema, parseJson((await c.req.text()) || '{}'));
    if (asked.success) return c.json(await control.rollBack(idOf(c), asked.output.generation), 202);
    return c.json({ error: 'body-invalid', message: 'the body is {"generation": N}, or {} for the previous one' }, 400);
  });
  app.post('/api/v1/applications/:namespace/:name/approve-removal', async (c) => {
    const asked = v.safeParse(ApprovalSchema, parseJson((await c.req.text()) || '{}'));
    if (asked.success) return c.json(await control.approveRemoval(idOf(c), asked.output), 202);
    return c.json({ error: 'body-invalid', message: 'the body is {"all": true}, or {} for this application' }, 400);
  });
  app.post('/api/v1/rollouts/:id/abort', async (c) => c.json(await control.abortRollout(c.req.param('id')), 202));
  app.post('/api/v1/rollouts/:id/retry', async (c) => c.json(await control.retryRollout(c.req.param('id')), 202));
  app.onError((error, c) => {
    if (!(error instanceof AppError)) throw error;
    return c.json({ error: error.code, message: error.message }, statusOf(error));
  });
  return app;
};

const idOf = (c: Context): string => `${c.req.param('namespace')}/${c.req.param('name')}`;

const parseJson = (text: string): unknown => {
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

/** What is unknown is 404, what cannot be done as things stand is 409, what may pass is 503. */
const statusOf = ({ kind, code }: AppError): 404 | 409 | 503 | 500 => {
  if (kind === 'transient') return 503;
  if (kind === 'permanent') return 500;
  return code === 'application-unknown' || code === 'rollout-unknown' ? 404 : 409;
};
