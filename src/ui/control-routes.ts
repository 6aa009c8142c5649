import { type Context, Hono } from 'hono';
import * as v from 'valibot';
import type { Control } from '../app/control/control.ts';
import { answerErrors, guardWrites, parseJson } from './guard-writes.ts';

const RollbackSchema = v.strictObject({ generation: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))) });
const RefreshSchema = v.strictObject({ hard: v.optional(v.boolean(), false) });
const ApprovalSchema = v.strictObject({ all: v.optional(v.boolean(), false) });

const ResourceSchema = v.strictObject({
  group: v.optional(v.string(), ''),
  kind: v.string(),
  namespace: v.optional(v.string()),
  name: v.string(),
  exclude: v.optional(v.boolean()),
});
const SyncSchema = v.strictObject({
  prune: v.optional(v.boolean()),
  force: v.optional(v.boolean()),
  dryRun: v.optional(v.boolean()),
  strategy: v.optional(v.picklist(['hook', 'apply'])),
  resources: v.optional(v.pipe(v.array(ResourceSchema), v.minLength(1))),
});

/**
 * The API's writes: POST with a JSON body, answered 202 with what was asked for. A page of another origin cannot send them.
 * Errors: `{error, message}` with 400, 403, 404, 409, 413 or 415.
 */
export const createControlRoutes = (control: Control, options: { publicURL?: string | undefined }): Hono => {
  const app = new Hono();
  guardWrites(app, ['/api/v1/applications/*', '/api/v1/rollouts/*'], options);
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
  app.post('/api/v1/applications/:namespace/:name/refresh', async (c) => {
    const asked = v.safeParse(RefreshSchema, parseJson((await c.req.text()) || '{}'));
    if (asked.success) return c.json(await control.refresh(idOf(c), asked.output), 202);
    return c.json({ error: 'body-invalid', message: 'the body is {"hard": true}, or {}' }, 400);
  });
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
  app.post('/api/v1/rollouts/:id/rollback', async (c) => c.json(await control.rollBackRollout(c.req.param('id')), 202));
  answerErrors(app);
  return app;
};

const idOf = (c: Context): string => `${c.req.param('namespace')}/${c.req.param('name')}`;
