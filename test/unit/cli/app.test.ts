import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runApp } from '../../../src/cli/app.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../fakes/memory-stack.ts';
import { createRemote } from '../../fakes/remote-command.ts';

const MANUAL = '  syncPolicy: { syncOptions: [CreateNamespace=true] }';

let stack: Awaited<ReturnType<typeof createMemoryStack>>;
let app: ReturnType<typeof createRemote>;

beforeEach(async () => {
  stack = await createMemoryStack();
  app = createRemote(stack, runApp);
  await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev'),
    'apps/shop.yaml': applicationYaml('shop', 'shop', 'prod', { spec: MANUAL }),
    'web/config.yaml': configMapYaml('web', 'one'),
    'shop/config.yaml': configMapYaml('shop', 'one'),
  });
  await stack.settle();
});

const commit = () => stack.applications.rows.get('argocd/web')?.desired?.revisions[0]?.commit.slice(0, 7) ?? '';

describe('towline app list', () => {
  it('shows all applications as aligned columns', async () => {
    const { code, out, err } = await app('list');
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      'NAME          CLUSTER   ENVIRONMENT   SYNC        HEALTH    REVISION',
      `argocd/shop   prod      prod          OutOfSync   Missing   ${commit()}`,
      `argocd/web    dev       dev           Synced      Healthy   ${commit()}`,
      '',
    ]);
  });

  it('says more with -o wide, and passes on the answer as json and yaml', async () => {
    const wide = (await app('list -o wide')).out.split('\n');
    expect(wide[0]).toMatch(/REVISION +GENERATION +STATE$/);
    expect(wide[1]).toMatch(/0\/1 +waiting: manual sync: automated sync is off$/);
    const json = JSON.parse((await app('list -o json')).out);
    expect(json).toMatchObject({ items: [{ id: 'argocd/shop' }, { id: 'argocd/web', health: { status: 'Healthy' } }] });
    expect(parse((await app('list --output yaml')).out)).toEqual(json);
  });
});

describe('towline app get', () => {
  it('shows one application and its objects, by name or by namespace and name', async () => {
    const { code, out } = await app('get web');
    expect(code).toBe(0);
    expect(out).toMatch(/^Name: +argocd\/web$/m);
    expect(out).toMatch(/^Generation: +1 applied, 1 desired$/m);
    expect(out).toMatch(/^KIND +NAMESPACE +NAME +SYNC +HEALTH$/m);
    expect(out).toMatch(/^ConfigMap +web +web +Synced/m);
    expect(await app('get argocd/web')).toEqual({ code, out, err: '' });
  });

  it.each(['--refresh', '--hard-refresh'])('%s shows it as the cluster is now', async (option) => {
    const { dev } = stack.clusters;
    const live = dev.objects.get('/ConfigMap/web/web') ?? expect.fail('not applied');
    stack.time.now += 1_000;
    dev.put({ ...live, data: { value: 'theirs' } });
    expect((await app('get web')).out).toMatch(/^ConfigMap +web +web +Synced/m);
    const { code, out, err } = await app(`get web ${option}`, { onPause: () => stack.settle() });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^ConfigMap +web +web +OutOfSync/m);
  });

  it('says that it was not compared in time, and that --refresh is for get', async () => {
    const { code, out, err } = await app('get web --refresh --timeout 2', { onPause: async () => undefined });
    expect([code, err]).toEqual([0, 'towline app: it was not compared in time; this is what was known before\n']);
    expect(out).toMatch(/^Name: +argocd\/web$/m);
    expect(await app('sync web --refresh')).toMatchObject({ code: 2 });
  });

  it('prints no control characters of what a cluster says', async () => {
    const row = stack.applications.rows.get('argocd/web');
    const health = { status: 'Degraded' as const, message: '\u001b[2Jgone\nName: other' };
    if (row) stack.applications.rows.set(row.id, { ...row, health });
    const { out } = await app('get web');
    expect(out).not.toContain('\u001b');
    expect(out).toMatch(/^Health: +Degraded +\[2Jgone Name: other$/m);
  });
});

describe('towline app sync, wait', () => {
  it('asks for a part only, or for a dry run, and refuses what it cannot read', async () => {
    const { code } = await app(
      'sync web --prune --dry-run --resource :ConfigMap:web/web --resource apps:Deployment:web --resource !*:Job:web/*',
    );
    expect(code).toBe(0);
    expect(stack.applications.rows.get('argocd/web')?.dryRun).toMatchObject({
      options: {
        prune: true,
        resources: [
          { group: '', kind: 'ConfigMap', namespace: 'web', name: 'web' },
          { group: 'apps', kind: 'Deployment', name: 'web' },
          { group: '*', kind: 'Job', namespace: 'web', name: '*', exclude: true },
        ],
      },
    });
    expect(await app('sync web --resource web')).toMatchObject({ code: 2, err: expect.stringContaining('GROUP:KIND') });
    expect(await app('wait web --prune')).toMatchObject({ code: 2, err: expect.stringContaining('app sync') });
  });

  it('passes on that nothing is under way, or nothing waits for approval', async () => {
    expect((await app('terminate web')).err).toMatch(/^towline app: .*argocd\/web/);
    expect((await app('approve web')).err).toMatch(/^towline app: .*argocd\/web/);
  });

  it('asks for a sync, then waits until it is healthy', async () => {
    expect(await app('sync shop')).toEqual({
      code: 0,
      out: 'argocd/shop: sync of generation 2 requested\n',
      err: '',
    });
    const waited = await app('wait shop');
    expect(waited.code).toBe(0);
    expect(waited.out).toMatch(/^argocd\/shop: (rendered|planned)\nargocd\/shop: healthy\n$/);
    expect(stack.clusters.prod.objects.get('/ConfigMap/shop/shop')).toBeDefined();
    expect(JSON.parse((await app('wait shop -o json')).out)).toMatchObject({ id: 'argocd/shop', sync: 'Synced' });
  });

  it('ends with 1 where it fails', async () => {
    await stack.push({ 'web/config.yaml': 'apiVersion: v1\nkind: [\nmetadata: {}\n' });
    await stack.settle();
    const { code, out } = await app('wait web');
    expect(code).toBe(1);
    expect(out).toMatch(/^argocd\/web: failed: .*web\/config\.yaml/);
  });

  it('shows one first, and not as synced, whose newest commit cannot be rendered', async () => {
    await stack.push({ 'web/config.yaml': 'apiVersion: v1\nkind: [\nmetadata: {}\n' });
    await stack.settle();
    const [first] = (await app('list')).out.split('\n').slice(1);
    expect(first).toMatch(/^argocd\/web +dev +dev +Unknown +Healthy /);
    expect((await app('get web')).out).toMatch(/^Sync: +Unknown\n.*\nState: +failed: .*web\/config\.yaml/m);
  });

  it('ends with 1 when the time is over, and says where it stands', async () => {
    const { code, out, err } = await app('wait shop --timeout 2');
    expect([code, out]).toEqual([1, 'argocd/shop: waiting: manual sync: automated sync is off\n']);
    expect(err).toBe('towline app: timed out: argocd/shop: waiting: manual sync: automated sync is off\n');
  });
});

describe('towline app history, rollback, resume', () => {
  const value = () => stack.clusters.dev.objects.get('/ConfigMap/web/web')?.['data'];

  it('goes back to what was applied before, and on again', async () => {
    await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    const history = (await app('history web')).out.split('\n');
    expect(history.map((line) => line.split(/ {3,}/)[0])).toEqual(['GENERATION', '2', '1', '']);
    const back = await app('rollback web');
    expect(back).toMatchObject({ code: 0, err: '' });
    expect(back.out).toMatch(/^argocd\/web: rollback to generation 1 requested, as generation 3 \(rollout \w+\)\n$/);
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    expect((await app('list -o wide')).out).toContain('(rolled back to generation 1)');
    expect((await app('resume web')).out).toBe('argocd/web: resumed, as generation 4\n');
    await stack.settle();
    expect(value()).toEqual({ value: 'two' });
    expect(JSON.parse((await app('rollback web 1 -o json')).out)).toMatchObject({ generation: 5, to: 1 });
  });

  it.each([
    ['resume web', 'towline app: argocd/web is not rolled back: nothing to resume\n'],
    ['rollback web', 'towline app: the history of argocd/web has no other manifests: it holds 1\n'],
    ['rollback web 7', 'towline app: the history of argocd/web has no generation 7: it holds 1\n'],
    ['sync nothing', 'towline app: there is no application argocd/nothing: give NAMESPACE/NAME as it is registered\n'],
    ['get nothing', 'towline app: there is no application argocd/nothing\n'],
  ])('%s is refused by the server: 1', async (line, err) => {
    expect(await app(line)).toEqual({ code: 1, out: '', err });
  });
});

describe('wrong usage', () => {
  it.each([
    ['', 'COMMAND is missing'],
    ['delete web', 'there is no command app delete'],
    ['toString web', 'there is no command app toString'],
    ['get', 'NAME is missing'],
    ['get a/b/c', 'a/b/c is not NAME or NAMESPACE/NAME'],
    ['get a/', 'NAME is missing'],
    ['list web', 'unexpected argument web'],
    ['get web more', 'unexpected argument more'],
    ['rollback web 1 2', 'unexpected argument 2'],
    ['rollback web first', 'GENERATION first is not a number of the history'],
    ['list -o tree', '-o is tree, not table or wide or json or yaml'],
    ['list --what', "Unknown option '--what'"],
    ['wait web --timeout soon', '--timeout soon is not a number of seconds'],
    ['list --server ftp://x', '--server ftp://x is not an http(s) URL'],
  ])('%j: 2', async (line, reason) => {
    const { code, out, err } = await app(line);
    expect([code, out]).toEqual([2, '']);
    expect(err.startsWith(`towline app: ${reason}`)).toBe(true);
  });

  it('--help is no error', async () => {
    const { code, out } = await app('--help');
    expect([code, out.split('\n')[0]]).toEqual([
      0,
      'Usage: towline app COMMAND [NAME] [--server URL] [-o wide|json|yaml]',
    ]);
  });
});

describe('the server', () => {
  it('is --server, TOWLINE_SERVER, or the local stack', async () => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = (input) => {
      asked.push(new Request(input).url);
      return Promise.resolve(Response.json({ items: [] }));
    };
    await app('list --server https://towline.example.com/base/', { fetch });
    await app('list', { fetch, environment: { TOWLINE_SERVER: 'https://other.example.com' } });
    await app('list', { fetch });
    expect(asked).toEqual([
      'https://towline.example.com/base/api/v1/applications',
      'https://other.example.com/api/v1/applications',
      'http://127.0.0.1:8484/api/v1/applications',
    ]);
  });

  it.each([
    [
      () => Promise.reject(new TypeError('fetch failed')),
      'http://127.0.0.1:8484 does not answer: is the stack running?',
    ],
    [() => Promise.resolve(new Response('<html>')), 'http://127.0.0.1:8484 does not answer as Towline does'],
    [() => Promise.resolve(Response.json({ items: [{}] })), 'http://127.0.0.1:8484 does not answer as Towline does'],
    [() => Promise.resolve(new Response('', { status: 502 })), 'http://127.0.0.1:8484 answered 502 to /api/v1/applic'],
    [
      () => Promise.resolve(Response.json({ error: 'x', message: 'because\nof this' }, { status: 409 })),
      'because of this\n',
    ],
  ])('that does not serve is one line and 1 (%#)', async (fetch, start) => {
    const { code, out, err } = await app('list', { fetch: fetch as typeof globalThis.fetch });
    expect([code, out, err.trimEnd().includes('\n')]).toEqual([1, '', false]);
    expect(err.startsWith(`towline app: ${start}`)).toBe(true);
  });
});
