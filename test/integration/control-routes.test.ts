import { beforeEach, describe, expect, it } from 'vitest';
import { createReadModel } from '../../src/app/read-model.ts';
import { transient } from '../../src/domain/errors.ts';
import { createControlRoutes } from '../../src/ui/control-routes.ts';
import { createUi } from '../../src/ui/routes.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../fakes/memory-stack.ts';

const ORIGIN = 'http://127.0.0.1:8484';
const JSON_TYPE = { 'content-type': 'application/json' };

const setUp = async (spec?: string) => {
  const stack = await createMemoryStack();
  await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev', spec === undefined ? {} : { spec }),
    'web/config.yaml': configMapYaml('web', 'one'),
  });
  await stack.settle();
  const app = createUi(createReadModel(stack), stack.clock).route(
    '/',
    createControlRoutes(stack.control, { publicURL: `${ORIGIN}/` }),
  );
  const post = (path: string, body = '{}', headers: Record<string, string> = {}) =>
    app.request(`${ORIGIN}/api/v1/${path}`, { method: 'POST', body, headers: { ...JSON_TYPE, ...headers } });
  const get = (path: string) => app.request(`${ORIGIN}${path}`);
  return { stack, app, post, get };
};

let api: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  api = await setUp();
});
const rolloutOf = () => api.stack.applications.rows.get('argocd/web')?.desired?.rollout ?? '';

describe('what a person asks for', () => {
  it('is answered 202 and done', async () => {
    await api.stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await api.stack.settle();
    const answer = await api.post('applications/argocd/web/rollback', '{"generation":1}');
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ application: 'argocd/web', generation: 3, to: 1 });
    await api.stack.settle();
    const row = (await (await api.get('/api/v1/applications/argocd/web')).json()) as object;
    expect(row).toMatchObject({ pinned: { generation: 1 }, outcome: { phase: 'healthy' }, sync: 'Synced' });
    expect((await api.post('applications/argocd/web/resume', '')).status).toBe(202);
    expect(await (await api.post('applications/argocd/web/sync')).json()).toEqual({
      application: 'argocd/web',
      generation: 4,
    });
    expect((await api.post('applications/argocd/web/refresh')).status).toBe(202);
  });

  it.each([
    ['applications/argocd/none/sync', 404, 'application-unknown'],
    ['applications/argocd/none/refresh', 404, 'application-unknown'],
    ['applications/argocd/none/rollback', 404, 'application-unknown'],
    ['applications/argocd/none/resume', 404, 'application-unknown'],
    ['applications/argocd/web/resume', 409, 'application-not-pinned'],
    ['applications/argocd/web/rollback', 409, 'generation-unknown'],
    ['rollouts/none/retry', 404, 'rollout-unknown'],
    ['rollouts/none/abort', 404, 'rollout-unknown'],
  ])('%s: %i %s', async (path, status, error) => {
    const answer = await api.post(path);
    expect([answer.status, await answer.json()]).toMatchObject([status, { error }]);
  });

  it('a retry of a rollout in which nothing failed is a conflict', async () => {
    const answer = await api.post(`rollouts/${rolloutOf()}/retry`);
    expect([answer.status, await answer.json()]).toMatchObject([409, { error: 'nothing-to-retry' }]);
  });

  it.each(['{', '[1', '{"generation":"1"}', '{"generation":0}', '{"generation":1.5}', '{"to":1}', 'null'])(
    'the body %s is refused',
    async (body) => {
      const answer = await api.post('applications/argocd/web/rollback', body);
      expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'body-invalid' }]);
    },
  );

  it('that cannot be kept now may be asked for again', async () => {
    api.stack.applications.save = () => Promise.reject(transient('store-throttled', 'slow down'));
    const answer = await api.post('applications/argocd/web/sync');
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: 'store-throttled' }]);
  });
});

describe('a page of another origin', () => {
  const PATHS = ['sync', 'refresh', 'rollback', 'resume'].map((verb) => `applications/argocd/web/${verb}`);
  const ALL = [...PATHS, 'rollouts/any/retry', 'rollouts/any/abort'];
  it.each(
    ALL.flatMap(
      (path) =>
        [
          [path, { origin: 'https://evil.example.com' }, 403],
          [path, { origin: 'null' }, 403],
          // A name that was made to point at loopback is still another origin.
          [path, { origin: 'http://evil.example.com:8484', host: 'evil.example.com:8484' }, 403],
          [path, { 'content-type': 'text/plain' }, 415],
          [path, { 'content-type': 'application/x-www-form-urlencoded' }, 415],
          [path, { 'content-type': '' }, 415],
        ] as const,
    ),
  )('cannot send %s with %o', async (path, headers, status) => {
    const before = structuredClone(api.stack.applications.rows.get('argocd/web'));
    expect((await api.post(path, '{}', headers)).status).toBe(status);
    expect(api.stack.applications.rows.get('argocd/web')).toEqual(before);
    expect(api.stack.sent.syncs).toEqual([]);
    expect(api.stack.sent.changes).toEqual([]);
  });

  it('the own one can', async () => {
    expect((await api.post('applications/argocd/web/sync', '{}', { origin: ORIGIN })).status).toBe(202);
  });

  it('nothing is written by GET, and large bodies are not read', async () => {
    for (const path of ALL) expect((await api.get(`/api/v1/${path}`)).status).toBe(404);
    const large = await api.post('applications/argocd/web/rollback', ' '.repeat(5_000));
    expect(large.status).toBe(413);
  });
});

describe('the page of an application', () => {
  it('names the command where a person is waited for, and where it is rolled back', async () => {
    api = await setUp('  syncPolicy: { syncOptions: [CreateNamespace=true] }');
    const page = async () => (await api.get('/applications/argocd/web')).text();
    expect(await page()).toContain('towline app sync argocd/web');
    await api.post('applications/argocd/web/sync');
    await api.stack.settle();
    expect(await page()).not.toContain('towline app');
    await api.stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await api.stack.settle();
    await api.post('applications/argocd/web/rollback', '{"generation":2}');
    expect(await page()).toContain('towline app resume argocd/web');
  });
});
