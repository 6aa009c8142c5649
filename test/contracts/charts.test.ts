import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOpenCharts } from '../../src/adapters/helm/open-charts.ts';
import { createRecentFiles } from '../../src/adapters/helm/remote-file.ts';
import { type ChartSource, createChartTrees } from '../../src/app/chart-trees.ts';
import type { ChartRepositoryConfig } from '../../src/domain/fleet/fleet-file.ts';
import { type ChartServer, startChartServer } from '../fakes/chart-server.ts';
import { createMemoryBlobs } from '../fakes/memory-ports.ts';

let server: ChartServer;
let now = 1_000_000;
const SECRETS: Record<string, string> = {
  json: '{"username":"ci","password":"s3cret"}',
  pair: 'ci:s3cret',
  bad: 'token',
};

beforeEach(async () => {
  server = await startChartServer();
  for (const version of ['1.0.0', '1.2.0', '1.10.0', '2.0.0-rc.1', '1.3.0+build.7']) {
    server.publish('web', version, { 'templates/cm.yaml': `kind: ConfigMap # ${version}\n`, 'values.yaml': 'a: 1\n' });
  }
});
afterEach(() => server.close());

const open = (allowInsecure = true) =>
  createOpenCharts({
    secrets: { read: (name) => Promise.resolve(SECRETS[name] ?? '') },
    clock: () => now,
    allowInsecure,
  });

const trees = (allowInsecure = true) => {
  const blobs = createMemoryBlobs();
  return { blobs, ...createChartTrees({ openCharts: open(allowInsecure), blobs }) };
};

const helm = (targetRevision: string, chart = 'web'): ChartSource => ({
  repoURL: `${server.url}/charts`,
  chart,
  targetRevision,
});
const oci = (targetRevision: string, chart = 'web'): ChartSource => ({
  repoURL: `${server.host}/team`,
  chart,
  targetRevision,
});
const registered = (more: Partial<ChartRepositoryConfig>) => ({
  chartRepositories: [
    { url: server.url, type: 'helm' as const, ...more },
    { url: `oci://${server.host}`, type: 'oci' as const, ...more },
  ],
});

const failure = async (asked: Promise<unknown>): Promise<object> =>
  asked.then(
    (value) => ({ resolved: value }),
    ({ code, kind, message }: { code: string; kind: string; message: string }) => ({ code, kind, message }),
  );

describe.each([
  ['a Helm repository', helm],
  ['an OCI registry', oci],
])('%s', (_name, source) => {
  it.each([
    ['1.2.0', '1.2.0'],
    ['1.x', '1.10.0'],
    ['~1.2', '1.2.0'],
    ['1.2', '1.2.0'],
    ['>=1.0.0 <1.10.0', '1.3.0+build.7'],
    ['*', '1.10.0'],
    ['', '1.10.0'],
    ['>1.10.0-0', '2.0.0-rc.1'],
    ['1.3.0+build.7', '1.3.0+build.7'],
  ])('gives %j as %s, as files', async (wanted, version) => {
    const { tree, contents, version: found } = await trees().load({}, source(wanted));
    expect(found.replace(/^v/, '')).toBe(version);
    expect([...tree.entries.keys()].toSorted()).toEqual([
      'Chart.yaml',
      'templates',
      'templates/cm.yaml',
      'values.yaml',
    ]);
    const entry = tree.entries.get('templates/cm.yaml');
    expect(Buffer.from(contents.get(entry?.digest ?? '') ?? []).toString()).toContain(version);
  });

  it('is read once for one version: the archive comes from the cache, also in the next process', async () => {
    const { blobs, load } = trees();
    const first = await load({}, source('1.x'));
    const again = createChartTrees({ openCharts: open(), blobs });
    server.requests.length = 0;
    expect((await again.load({}, source('1.x'))).tree.digest).toBe(first.tree.digest);
    expect(server.requests.filter((one) => /blobs\/|archives\//.test(one))).toEqual([]);
  });

  it('moves on with the range', async () => {
    const { resolve } = trees();
    expect((await resolve({}, source('1.x'))).version).toBe('1.10.0');
    server.publish('web', '1.11.0');
    now += 60_000;
    expect((await resolve({}, source('1.x'))).version).toBe('1.11.0');
  });

  it.each(['json', 'pair'])('takes credentials (%s) of the entry that its URL begins with', async (credentials) => {
    server.protect('ci', 's3cret');
    expect(await failure(trees().load({}, source('1.2.0')))).toMatchObject({ code: 'chart-repository-denied' });
    const { version } = await trees().load(registered({ credentials }), source('1.2.0'));
    expect(version).toBe('1.2.0');
    expect(JSON.stringify(await failure(trees().load(registered({ credentials: 'bad' }), source('1.2.0'))))).toMatch(
      /chart-credentials-invalid.*username:password/,
    );
  });

  it.each<[string, () => void, string, object]>([
    ['no such chart', () => {}, 'gone', { code: 'chart-missing', kind: 'permanent' }],
    [
      'a repository that is down',
      () => server.fail(503),
      'web',
      { code: 'chart-repository-unreachable', kind: 'permanent' },
    ],
    ['a repository that refuses', () => server.fail(403), 'web', { code: 'chart-repository-denied' }],
    ['a repository that is limited', () => server.fail(429), 'web', { code: 'chart-repository-unreachable' }],
  ])('tells %s by a code, without holding up a plan', async (_what, prepare, chart, error) => {
    prepare();
    expect(await failure(trees().load({}, source('1.x', chart)))).toMatchObject(error);
  });

  it('tells a version that is none', async () => {
    expect(await failure(trees().resolve({}, source('9.x')))).toMatchObject({ code: 'chart-missing' });
    expect(await failure(trees().resolve({}, source('latest!')))).toMatchObject({ code: 'chart-missing' });
  });

  it('is refused inside in a deployed stack: no request leaves', async () => {
    server.requests.length = 0;
    expect(await failure(trees(false).load({}, source('1.x')))).toMatchObject({ code: 'chart-repository-refused' });
    expect(server.requests).toEqual([]);
  });
});

describe('a Helm repository', () => {
  it('takes a version with or without v for the same', async () => {
    expect((await trees().resolve({}, helm('v1.2.0'))).version).toBe('1.2.0');
  });

  it('is asked for its index only where that changed', async () => {
    const { resolve } = trees();
    await Promise.all(Array.from({ length: 5 }, () => resolve({}, helm('1.x'))));
    await resolve({}, helm('1.x'));
    now += 60_000;
    await resolve({}, helm('1.x'));
    const asked = server.requests.map((one) => one.slice(-3));
    expect([asked.filter((one) => one === '304').length, asked.at(-1)]).toEqual([1, '304']);
  });

  it('whose archive is not what the index says is refused', async () => {
    server.tamper('web', '1.2.0');
    expect(await failure(trees().load({}, helm('1.2.0')))).toMatchObject({ code: 'chart-digest-mismatch' });
  });

  it('may keep its archives in an OCI registry', async () => {
    server.archivesAt((name, version) => `oci://${server.host}/team/${name}:${version.replaceAll('+', '_')}`);
    const { version, tree } = await trees().load({}, helm('1.2.0'));
    expect([version, tree.entries.has('Chart.yaml')]).toEqual(['1.2.0', true]);
  });

  it('tells no other host its credentials, unless it is asked to', async () => {
    const other = await startChartServer();
    try {
      other.publish('web', '1.2.0', { 'templates/cm.yaml': 'kind: ConfigMap # 1.2.0\n', 'values.yaml': 'a: 1\n' });
      server.protect('ci', 's3cret');
      server.redirectArchives(other.url);
      await trees().load(registered({ credentials: 'json' }), helm('1.2.0'));
      expect(other.requests).toEqual(['GET /charts/archives/web-1.2.0.tgz 200']);
      await trees().load(registered({ credentials: 'json', passCredentials: true }), helm('1.2.0'));
      expect(other.requests.at(-1)).toBe('GET /charts/archives/web-1.2.0.tgz 200 authorized');
    } finally {
      await other.close();
    }
  });

  it.each([
    'http://169.254.169.254/x',
    'https://10.1.2.3/x',
    'https://[::1]/x',
    'https://localhost/x',
    'file:///etc',
    'https://u:p@a.example',
  ])('at %s is refused in a deployed stack', async (repoURL) => {
    const { load } = trees(false);
    expect(await failure(load({}, { repoURL, chart: 'web', targetRevision: '1.x' }))).toMatchObject({
      code: 'chart-repository-refused',
    });
  });
});

describe('an OCI artifact', () => {
  it('is named by its whole URL, and by digest', async () => {
    const source = { repoURL: `oci://${server.host}/team/web`, targetRevision: '1.2.0' };
    const { tree } = await trees().load({}, source);
    expect(tree.entries.has('templates/cm.yaml')).toBe(true);
    const none = `sha256:${'0'.repeat(64)}`;
    expect(await failure(trees().load({}, { ...source, targetRevision: none }))).toMatchObject({
      code: 'chart-missing',
    });
  });
});

describe('a file at a URL', () => {
  const file = (path = '/x.yaml'): ChartSource => ({ repoURL: `${server.url}${path}`, file: true });

  it('stands at the digest of its content, and is asked for again only where it changed', async () => {
    server.serve('/x.yaml', 'one');
    const { load, resolve } = trees();
    const { tree, contents, version } = await load({}, file());
    expect([...tree.entries.keys(), ...[...contents.values()].map((one) => Buffer.from(one).toString())]).toEqual([
      'x.yaml',
      'one',
    ]);
    await Promise.all([resolve({}, file()), load({}, file())]);
    expect(server.requests).toEqual(['GET /x.yaml 200']);
    now += 60_000;
    expect(await resolve({}, file())).toMatchObject({ version });
    server.serve('/x.yaml', 'two');
    now += 60_000;
    const [moved] = await Promise.all([resolve({}, file()), resolve({}, file()), resolve({}, file())]);
    expect(moved.version).not.toBe(version);
    expect(server.requests).toEqual(['GET /x.yaml 200', 'GET /x.yaml 304', 'GET /x.yaml 200']);
  });

  it('is read from the cache by its digest where its host says that nothing changed', async () => {
    server.serve('/x.yaml', 'one');
    const { blobs, load } = trees();
    await load({}, file());
    now += 60_000;
    await load({}, file());
    expect(server.requests).toEqual(['GET /x.yaml 200', 'GET /x.yaml 304']);
    expect(await blobs.get(`charts/${(await load({}, file())).version}.tgz`)).toEqual(Buffer.from('one'));
  });

  it('waits to be taken no longer than there is room', () => {
    const recent = createRecentFiles(10);
    for (const name of ['a', 'b', 'c', 'c']) recent.put(name, Buffer.from('4444'));
    expect(['a', 'b', 'c', 'c'].map((name) => recent.take(name)?.length)).toEqual([undefined, 4, 4, undefined]);
  });

  it('gets no credentials, not even those of a repository that its URL begins with', async () => {
    server.serve('/x.yaml', 'one');
    await trees().load(registered({ credentials: 'json' }), file());
    expect(server.requests).toEqual(['GET /x.yaml 200']);
  });

  it.each<[string, () => void, object]>([
    ['is not there', () => undefined, { code: 'chart-missing' }],
    ['is too large', () => server.serve('/x.yaml', 'x'.repeat(16_777_217)), { code: 'chart-too-large' }],
    [
      'leads elsewhere than to a page',
      () => server.redirect('/x.yaml', 'file:///etc/passwd'),
      { code: 'chart-repository-refused' },
    ],
    ['is down', () => server.fail(502), { code: 'chart-repository-unreachable', kind: 'permanent' }],
  ])('that %s is told by a code', async (_what, prepare, error) => {
    prepare();
    expect(await failure(trees().load({}, file()))).toMatchObject(error);
  });

  it('inside is refused in a deployed stack: no request leaves', async () => {
    expect(await failure(trees(false).load({}, file()))).toMatchObject({ code: 'chart-repository-refused' });
    expect(server.requests).toEqual([]);
  });
});
