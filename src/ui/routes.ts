import { createHash } from 'node:crypto';
import { type Context, Hono } from 'hono';
import type { ReadModel } from '../app/read-model.ts';
import type { ApplicationRow } from '../domain/application-row.ts';
import { outcomeOf } from '../domain/outcome-of.ts';
import { awaitsPlan } from '../domain/request-sync.ts';
import type { Clock } from '../ports/clock.ts';
import { type Html, page } from './layout.ts';
import { overview } from './overview.ts';
import { previewPage } from './preview-page.ts';
import { applicationPage, rolloutPage } from './views.ts';

const ROLLOUTS_SHOWN = 20;

/** The web page and the JSON API behind it, over the read model. Everything is escaped; scripts come from here alone. */
export const createUi = (model: ReadModel, clock: Clock): Hono => {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    c.header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
    );
    c.header('x-content-type-options', 'nosniff');
    c.header('referrer-policy', 'no-referrer');
  });
  app.get('/', async (c) => {
    const seen = await model.overview(ROLLOUTS_SHOWN);
    return answer(c, model, 'Fleet', overview({ ...seen, query: c.req.query('q') ?? '' }));
  });
  app.get('/rollouts/:id', async (c) => {
    const detail = await model.rollout(c.req.param('id'));
    return detail ? answer(c, model, 'Rollout', rolloutPage(detail)) : c.text('no such rollout\n', 404);
  });
  app.get('/previews/:id', async (c) => {
    const detail = await model.preview(c.req.param('id'));
    return detail ? answer(c, model, 'Preview', previewPage(detail)) : c.text('no such preview\n', 404);
  });
  app.get('/applications/:namespace/:name', async (c) => {
    const row = await model.application(`${c.req.param('namespace')}/${c.req.param('name')}`);
    return row ? answer(c, model, row.spec.name, applicationPage(row)) : c.text('no such application\n', 404);
  });
  addApi(app, model, clock);
  return app;
};

/** The same as JSON. */
const addApi = (app: Hono, model: ReadModel, clock: Clock): void => {
  app.get('/api/v1/applications', async (c) =>
    c.json({ items: (await model.applications()).map((row) => brief(row, clock())) }),
  );
  app.get('/api/v1/repositories', async (c) => c.json({ items: (await model.overview(ROLLOUTS_SHOWN)).repositories }));
  app.get('/api/v1/rollouts', async (c) => c.json({ items: await model.rollouts(ROLLOUTS_SHOWN) }));
  app.get('/api/v1/rollouts/:id', async (c) => {
    const detail = await model.rollout(c.req.param('id'));
    return detail
      ? c.json(detail)
      : c.json({ error: 'not-found', message: `there is no rollout ${c.req.param('id')}` }, 404);
  });
  app.get('/api/v1/previews/:id', async (c) => {
    const detail = await model.preview(c.req.param('id'));
    return detail ? c.json(detail) : c.json({ error: 'not-found', message: 'there is no such preview' }, 404);
  });
  app.get('/api/v1/applications/:namespace/:name', async (c) => {
    const id = `${c.req.param('namespace')}/${c.req.param('name')}`;
    const row = await model.application(id);
    return row
      ? c.json({ ...row, outcome: standing(row, clock()) })
      : c.json({ error: 'not-found', message: `there is no application ${id}` }, 404);
  });
};

/** The whole page, or only its body where the page's script asks; either way cheap to ask for again. */
const answer = async (c: Context, model: ReadModel, title: string, body: Html): Promise<Response> => {
  const fragment = c.req.header('x-fragment') !== undefined;
  const fleet = fragment ? undefined : await model.fleet();
  const text = String(await (fragment ? body : page(title, fleet?.file.name ?? '', body)));
  const tag = `"${createHash('sha256').update(text).digest('hex').slice(0, 16)}"`;
  if (c.req.header('if-none-match') === tag) return c.body(null, 304);
  return c.html(text, 200, { etag: tag, 'cache-control': 'no-cache' });
};

const brief = (row: ApplicationRow, now: number) => ({
  id: row.id,
  cluster: row.spec.cluster,
  environment: row.spec.environment,
  sync: row.sync,
  health: row.health,
  desired: row.desired,
  applied: row.applied,
  operation: row.operation ? { phase: row.operation.phase, message: row.operation.message } : undefined,
  outcome: standing(row, now),
  pinned: row.pinned ? { generation: row.pinned.generation, at: row.pinned.at } : undefined,
});

/** Where the application stands; a failure that is being planned again is none any more. */
const standing = (row: ApplicationRow, now: number): ReturnType<typeof outcomeOf> =>
  awaitsPlan(row) ? { phase: 'planned', message: 'asked to plan again' } : outcomeOf(row, now);
