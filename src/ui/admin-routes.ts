import { Hono } from 'hono';
import * as v from 'valibot';
import type { Replayed } from '../app/control/replay-delivery.ts';
import { type DeadLetters, QUEUE_NAMES } from '../ports/dead-letters.ts';
import { answerErrors, guardWrites, parseJson } from './guard-writes.ts';

/** What an operator may ask of a running stack. */
export interface Admin {
  deadLetters: DeadLetters;
  replay: (delivery: string) => Promise<Replayed>;
}

const ReplaySchema = v.strictObject({ delivery: v.pipe(v.string(), v.nonEmpty()) });
const QueueSchema = v.picklist(QUEUE_NAMES);

/**
 * The operator's part of the API, behind the same authoriser and checks as all else.
 * Errors: `{error, message}` with 400, 403, 404, 413, 415 or 503.
 */
export const createAdminRoutes = (admin: Admin, options: { publicURL?: string | undefined }): Hono => {
  const app = new Hono();
  guardWrites(app, ['/api/v1/admin/*'], options);
  app.get('/api/v1/admin/dead-letters', async (c) => c.json({ items: await admin.deadLetters.list() }));
  app.post('/api/v1/admin/dead-letters/:queue/redrive', async (c) => {
    const queue = v.safeParse(QueueSchema, c.req.param('queue'));
    if (queue.success) {
      return c.json({ queue: queue.output, moved: await admin.deadLetters.redrive(queue.output) }, 202);
    }
    return c.json({ error: 'queue-unknown', message: `the queues are ${QUEUE_NAMES.join(', ')}` }, 404);
  });
  app.post('/api/v1/admin/replay', async (c) => {
    const asked = v.safeParse(ReplaySchema, parseJson(await c.req.text()));
    if (asked.success) return c.json(await admin.replay(asked.output.delivery), 202);
    return c.json({ error: 'body-invalid', message: 'the body is {"delivery": ID}' }, 400);
  });
  answerErrors(app);
  return app;
};
