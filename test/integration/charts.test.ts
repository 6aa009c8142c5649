import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOpenCharts } from '../../src/adapters/helm/open-charts.ts';
import { createSandbox } from '../../src/adapters/render/create-sandbox.ts';
import { runAffected } from '../../src/cli/affected.ts';
import { runRender } from '../../src/cli/render.ts';
import { type ChartServer, startChartServer } from '../fakes/chart-server.ts';
import { localTools } from '../fakes/local-tools.ts';
import { applicationYaml, configMapYaml, createMemoryStack, REPOSITORY } from '../fakes/memory-stack.ts';
import { toolEnvironment } from '../fakes/tool-environment.ts';

const temporary = mkdtempSync(join(tmpdir(), 'towline-charts-'));
const sandbox = createSandbox({ ...(await localTools()), temporary });
afterAll(() => rm(temporary, { recursive: true, force: true }));

let server: ChartServer;
beforeEach(async () => {
  server = await startChartServer();
});
afterEach(() => server.close());

const TEMPLATE = `apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data: { value: "{{ .Chart.Version }} {{ .Values.level }} {{ .Release.Name }}" }
`;
const CHART = { 'templates/cm.yaml': TEMPLATE, 'values.yaml': 'level: low\n' };

/** The whole pipeline with real helm and a real chart server; the clock of the charts is the pipeline's. */
const startStack = async () => {
  const time = { now: 0 };
  const openCharts = createOpenCharts({
    secrets: { read: () => Promise.resolve('') },
    clock: () => (time.now += 60_000),
    allowInsecure: true,
  });
  return createMemoryStack(sandbox, undefined, 0, openCharts);
};

const application = (source: string, name = 'web'): string =>
  applicationYaml(name, 'unused', 'dev').replace(/ {2}source: .*\n/, source);

const valueOf = (stack: Awaited<ReturnType<typeof startStack>>, namespace = 'web') =>
  [...stack.clusters.dev.objects.values()].find(
    (one) => one.kind === 'ConfigMap' && one.metadata.namespace === namespace,
  )?.data;

describe('an Application of a chart', () => {
  it.each<[string, () => string]>([
    ['a Helm repository', () => `{ repoURL: "${server.url}/charts", chart: web, targetRevision: 1.x }`],
    ['an OCI registry', () => `{ repoURL: "${server.host}/team", chart: web, targetRevision: 1.x }`],
    ['an OCI artifact', () => `{ repoURL: "oci://${server.host}/team/web", path: ".", targetRevision: 1.x }`],
  ])('of %s is applied, and follows its range', async (_name, source) => {
    server.publish('web', '1.0.0', CHART);
    const stack = await startStack();
    await stack.push({ 'apps/web.yaml': application(`  source: ${source()}\n`) });
    await stack.settle();
    expect(valueOf(stack)).toEqual({ value: '1.0.0 low web' });
    expect(await stack.pollCharts()).toEqual({ changes: 0 });
    server.publish('web', '1.1.0', CHART);
    expect(await stack.pollCharts()).toEqual({ changes: 1 });
    await stack.settle();
    expect(valueOf(stack)).toEqual({ value: '1.1.0 low web' });
    expect(await stack.pollCharts()).toEqual({ changes: 0 });
  });

  it('takes values from Git: a push to them renders it again', async () => {
    server.publish('web', '1.0.0', CHART);
    const stack = await startStack();
    const sources = `  sources:
    - { repoURL: "${server.url}/charts", chart: web, targetRevision: 1.0.0, helm: { valueFiles: [$values/env/prod.yaml] } }
    - { repoURL: ${REPOSITORY}, targetRevision: main, ref: values }
`;
    await stack.push({ 'apps/web.yaml': application(sources), 'env/prod.yaml': 'level: high\n' });
    await stack.settle();
    expect(valueOf(stack)).toEqual({ value: '1.0.0 high web' });
    await stack.push({ 'env/prod.yaml': 'level: higher\n' });
    await stack.settle();
    expect(valueOf(stack)).toEqual({ value: '1.0.0 higher web' });
    expect(await stack.pollCharts()).toEqual({ changes: 0 });
  });

  it('fails by itself while its repository is down, and is planned when that answers again', async () => {
    server.publish('web', '1.0.0', CHART);
    server.fail(503);
    const stack = await startStack();
    const source = `  source: { repoURL: "${server.url}/charts", chart: web, targetRevision: 1.x }\n`;
    await stack.push({
      'apps/web.yaml': application(source),
      'apps/plain.yaml': applicationYaml('plain', 'plain', 'dev'),
      'plain/cm.yaml': configMapYaml('plain', 'there'),
    });
    await stack.settle();
    expect(valueOf(stack, 'plain')).toEqual({ value: 'there' });
    expect((await stack.applications.get('argocd/web'))?.desired?.error).toMatchObject({
      code: 'chart-repository-unreachable',
      message: expect.stringMatching(/answered 503.*tried again with the next poll/),
    });
    expect(await stack.pollCharts()).toEqual({ changes: 0 });
    server.fail(undefined);
    expect(await stack.pollCharts()).toEqual({ changes: 1 });
    await stack.settle();
    expect(valueOf(stack)).toEqual({ value: '1.0.0 low web' });
  });

  it('is rendered by `towline render` too', async () => {
    server.publish('web', '1.0.0', CHART);
    const source = `  source: { repoURL: "${server.url}/charts", chart: web, targetRevision: "*" }\n`;
    let out = '';
    const code = await runRender({
      args: ['-f', 'app.yaml', '-o', 'json'],
      cwd: temporary,
      environment: await toolEnvironment(),
      readFile: () => Promise.resolve(application(source)),
      write: (text) => {
        out += text;
      },
      writeError: (text) => {
        out += text;
      },
    });
    expect([code, JSON.parse(out)]).toEqual([0, [expect.objectContaining({ data: { value: '1.0.0 low web' } })]]);
  });
});

describe('an Application of Git', () => {
  const chartYaml = (more = ''): string =>
    `apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n- { name: web, version: 1.x, repository: "${server.url}/charts" }\n${more}`;

  it('whose chart depends on charts of a repository gets them, pinned by its lock', async () => {
    for (const version of ['1.0.0', '1.1.0']) server.publish('web', version, CHART);
    const stack = await startStack();
    const lock = `dependencies:\n- { name: web, version: 1.0.0, repository: "${server.url}/charts" }\ndigest: sha256:x\n`;
    const apps = { 'apps/web.yaml': applicationYaml('web', 'chart', 'dev') };
    await stack.push({ ...apps, 'chart/Chart.yaml': chartYaml(), 'chart/values.yaml': 'web: { level: set }\n' });
    await stack.settle();
    expect(valueOf(stack)).toEqual({ value: '1.1.0 set web' });
    await stack.push({ 'chart/Chart.lock': lock });
    await stack.settle();
    expect(valueOf(stack)).toEqual({ value: '1.0.0 set web' });
  });

  it('whose chart depends on a range gets a version that comes into it, and one that was not there', async () => {
    server.publish('web', '1.0.0', CHART);
    const stack = await startStack();
    await stack.push({
      'apps/web.yaml': [applicationYaml('web', 'chart', 'dev'), applicationYaml('plain', 'plain', 'dev')].join('---\n'),
      'chart/Chart.yaml': chartYaml(),
      'plain/cm.yaml': configMapYaml('plain', 'one'),
    });
    await stack.settle();
    expect(valueOf(stack)).toEqual({ value: '1.0.0 low web' });
    expect(await stack.pollOthers()).toEqual({ changes: 0 });
    const plain = stack.applications.rows.get('argocd/plain')?.desired?.generation;
    server.publish('web', '1.2.0', CHART);
    server.publish('web', '2.0.0', CHART);
    expect(await stack.pollOthers()).toEqual({ changes: 1 });
    await stack.settle();
    expect(valueOf(stack)).toEqual({ value: '1.2.0 low web' });
    expect(stack.applications.rows.get('argocd/plain')?.desired?.generation).toBe(plain);
    expect(await stack.pollOthers()).toEqual({ changes: 0 });
    // A push that has nothing to do with it keeps what is known of it.
    await stack.push({ 'plain/cm.yaml': configMapYaml('plain', 'two') });
    await stack.settle();
    server.publish('web', '1.3.0', CHART);
    expect(await stack.pollOthers()).toEqual({ changes: 1 });
    await stack.settle();
    expect(valueOf(stack)).toEqual({ value: '1.3.0 low web' });
  });

  it('whose chart depends on one that is not there yet gets it when it comes', async () => {
    const stack = await startStack();
    await stack.push({ 'apps/web.yaml': applicationYaml('web', 'chart', 'dev'), 'chart/Chart.yaml': chartYaml() });
    await stack.settle();
    expect(await stack.pollOthers()).toEqual({ changes: 0 });
    server.publish('web', '1.0.0', CHART);
    expect(await stack.pollOthers()).toEqual({ changes: 1 });
    await stack.settle();
    expect(valueOf(stack)).toEqual({ value: '1.0.0 low web' });
  });

  it('with a remote base at a branch follows the branch, and at a commit stays', async () => {
    const stack = await startStack();
    const config = (value: string) => ({
      'base/kustomization.yaml': 'resources: [cm.yaml]\n',
      'base/cm.yaml': configMapYaml('web', value),
    });
    const commit = await stack.pushConfig(config('one'));
    const base = (ref: string) => `resources:\n- https://git.example.com/acme/config//base?ref=${ref}\n`;
    await stack.push({
      'apps/web.yaml': [applicationYaml('web', 'moving', 'dev'), applicationYaml('fixed', 'fixed', 'dev')].join(
        '---\n',
      ),
      'moving/kustomization.yaml': base('main'),
      'fixed/kustomization.yaml': base(commit),
    });
    await stack.settle();
    expect([valueOf(stack), valueOf(stack, 'fixed')]).toEqual([{ value: 'one' }, { value: 'one' }]);
    await stack.pushConfig(config('two'));
    await stack.settle();
    expect(await stack.pollOthers()).toEqual({ changes: 1 });
    await stack.settle();
    expect([valueOf(stack), valueOf(stack, 'fixed')]).toEqual([{ value: 'two' }, { value: 'one' }]);
    expect(await stack.pollOthers()).toEqual({ changes: 0 });
  });

  it('whose chart depends on what is nowhere is told so, with file and repository', async () => {
    const stack = await startStack();
    await stack.push({
      'apps/web.yaml': applicationYaml('web', 'chart', 'dev'),
      'chart/Chart.yaml': chartYaml(),
    });
    await stack.settle();
    expect((await stack.applications.get('argocd/web'))?.desired?.error).toMatchObject({
      code: 'chart-dependencies-missing',
      message: expect.stringMatching(/^chart\/Chart\.yaml: .*web 1\.x \(http.*has no chart web/),
    });
  });

  it('with a remote base in a registered repository gets it at its commit; one of another is refused', async () => {
    const stack = await startStack();
    await stack.pushConfig({
      'bases/web/kustomization.yaml': 'resources: [cm.yaml, ../more]\nnamePrefix: remote-\n',
      'bases/web/cm.yaml': configMapYaml('web', 'remote'),
      'bases/more/kustomization.yaml': 'resources: []\n',
    });
    const base = (url: string) => `namespace: web\nresources:\n- ${url}//bases/web?ref=main\n`;
    await stack.push({
      'apps/web.yaml': applicationYaml('web', 'overlay', 'dev'),
      'overlay/kustomization.yaml': base('https://git.example.com/acme/config'),
    });
    await stack.settle();
    expect(valueOf(stack)).toEqual({ value: 'remote' });
    await stack.push({ 'overlay/kustomization.yaml': base('https://git.example.com/acme/unknown') });
    await stack.settle();
    expect((await stack.applications.get('argocd/web'))?.desired?.error).toMatchObject({
      code: 'remote-base-unsupported',
      message: expect.stringMatching(
        /^overlay\/kustomization\.yaml:3: resources: .*add https:\/\/git\.example\.com\/acme\/unknown to spec\.repositories/,
      ),
    });
  });
});

describe('towline affected', () => {
  it('reads charts: one that an Application adds is there, one that is not is named', async () => {
    server.publish('web', '1.0.0', CHART);
    const folder = mkdtempSync(join(tmpdir(), 'towline-affected-charts-'));
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: folder });
    const source = (chart: string) =>
      application(`  source: { repoURL: "${server.url}/charts", chart: ${chart}, targetRevision: 1.x }\n`, chart);
    try {
      git('init', '-q', '-b', 'main');
      writeFileSync(join(folder, 'none.yaml'), '');
      git('add', '-A');
      git('commit', '-q', '-m', 'one');
      for (const chart of ['web', 'gone']) writeFileSync(join(folder, `${chart}.yaml`), source(chart));
      git('add', '-A');
      git('commit', '-q', '-m', 'two');
      let out = '';
      const code = await runAffected({
        args: ['--fleet', '.', '--from', 'HEAD~1', '--to', 'HEAD', '-o', 'json'],
        cwd: folder,
        environment: process.env,
        readFile: (path) => readFile(path, 'utf8'),
        write: (text) => void (out += text),
      });
      expect(code).toBe(0);
      expect(JSON.parse(out)).toEqual([
        { application: 'argocd/gone', reason: 'gone.yaml added', error: expect.stringContaining('gone') },
        { application: 'argocd/web', reason: 'web.yaml added' },
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
