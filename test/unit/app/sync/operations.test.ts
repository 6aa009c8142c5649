import { beforeEach, describe, expect, it } from 'vitest';
import { permanent } from '../../../../src/domain/errors.ts';
import { applicationYaml, configMapYaml, createMemoryStack, projectYaml } from '../../../fakes/memory-stack.ts';

const ID = 'argocd/web';

let stack: Awaited<ReturnType<typeof createMemoryStack>>;
beforeEach(async () => {
  stack = await createMemoryStack();
});

const row = () => stack.applications.rows.get(ID) ?? expect.fail('no such application');
const cluster = () => stack.clusters.dev;
const value = (name = 'web') => cluster().objects.get(`/ConfigMap/web/${name}`)?.['data'];
const policy = (more: string) => `  syncPolicy: { ${more}, syncOptions: [CreateNamespace=true] }`;

const start = async (files: Record<string, string>, spec?: string, metadata?: string): Promise<string> => {
  const more = { ...(spec ? { spec } : {}), ...(metadata ? { metadata } : {}) };
  const commit = await stack.push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev', more), ...files });
  await stack.settle();
  return commit;
};
/** Time goes on; `schedule` runs; what it sends is worked off. */
const pass = async (seconds: number): Promise<void> => {
  stack.time.now += seconds * 1_000;
  await stack.sweep();
  await stack.settle();
};
const annotated = (name: string, annotations: string, more: string) =>
  `${more}\nmetadata: { name: ${name}, annotations: { ${annotations} } }\n`;
const failApply = (times: number) =>
  cluster().failNext(
    'apply',
    permanent('apply-invalid', 'ConfigMap web: value is too long'),
    ({ ref }) => ref?.kind === 'ConfigMap',
    times,
  );

describe('a sync that fails', () => {
  it('is told at once and tried again, as in Argo CD: later success is told, too', async () => {
    failApply(2);
    const commit = await start({ 'web/config.yaml': configMapYaml('web', 'one') });
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['failure', expect.stringContaining('value is too long')]);
    expect(row().operation).toMatchObject({ phase: 'Running', waiting: 'retry', retryCount: 0 });
    await stack.settle(60);
    expect(row().operation).toMatchObject({ phase: 'Succeeded', retryCount: 2 });
    expect(value()).toEqual({ value: 'one' });
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', '1/1 synced']);
  });

  it('is given up after five more attempts; the status stays as it was first told', async () => {
    failApply(100);
    const commit = await start({ 'web/config.yaml': configMapYaml('web', 'one') });
    await stack.settle(300);
    expect(row().operation).toMatchObject({ phase: 'Failed', retryCount: 5, stage: 'ended' });
    const failures = stack.statuses.filter((one) => one.commit === commit && one.state === 'failure');
    expect(failures.length).toBe(1);
  });

  it('is progress while the Application’s own retries last', async () => {
    failApply(1);
    const spec = policy('automated: {}, retry: { limit: 1, backoff: { duration: 10s } }');
    const commit = await start({ 'web/config.yaml': configMapYaml('web', 'one') }, spec);
    expect(stack.statusOf(commit)['towline/dev']?.[0]).not.toBe('failure');
    await stack.settle(30);
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('success');
    expect(stack.statuses.some((one) => one.commit === commit && one.state === 'failure')).toBe(false);
  });

  it('looks at its refs again before the next attempt, with retry.refresh', async () => {
    failApply(1);
    await start(
      { 'web/config.yaml': configMapYaml('web', 'one') },
      policy('automated: {}, retry: { limit: 3, refresh: true, backoff: { duration: 20s } }'),
    );
    expect(row().operation?.waiting).toBe('retry');
    stack.repository.commit('refs/heads/main', { 'web/config.yaml': configMapYaml('web', 'mended') });
    await stack.settle(120);
    expect(value()).toEqual({ value: 'mended' });
    expect(row()).toMatchObject({ applied: { generation: 2 } });
  });

  it('never blocks a newer commit', async () => {
    failApply(1);
    await start({ 'web/config.yaml': configMapYaml('web', 'one') });
    await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle(2);
    expect(value()).toEqual({ value: 'two' });
    expect(row()).toMatchObject({ applied: { generation: 2 }, sync: 'Synced' });
  });
});

const deployment = (wave: number) =>
  `${annotated('web', `argocd.argoproj.io/sync-wave: "${wave}"`, 'apiVersion: apps/v1\nkind: Deployment')}spec: { replicas: 1 }\n`;
const later = (text: string) =>
  `${annotated('later', 'argocd.argoproj.io/sync-wave: "1"', 'apiVersion: v1\nkind: ConfigMap')}data: { value: "${text}" }\n`;
const job = (hook: string) =>
  `${annotated('migrate', `argocd.argoproj.io/hook: ${hook}`, 'apiVersion: batch/v1\nkind: Job')}spec: { template: {} }\n`;
const JOB = { group: 'batch', kind: 'Job', namespace: 'web', name: 'migrate' };

describe('a newer commit', () => {
  it('supersedes an operation that waits for health between its waves', async () => {
    await start({ 'web/deployment.yaml': deployment(0), 'web/later.yaml': later('one') });
    expect(row().operation).toMatchObject({ stage: 'waves', waiting: 'health', generation: 1 });
    const commit = await stack.push({ 'web/later.yaml': later('two'), 'web/deployment.yaml': null });
    await stack.settle(10);
    expect(value('later')).toEqual({ value: 'two' });
    expect(row()).toMatchObject({ applied: { generation: 2 }, operation: { generation: 2, phase: 'Succeeded' } });
    expect(row().history.map(({ generation }) => generation)).toEqual([2]);
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', '1/1 synced']);
  });

  it('waits for a hook that runs, which may be a migration, and begins when it has ended', async () => {
    await start({ 'web/job.yaml': job('PreSync'), 'web/config.yaml': configMapYaml('web', 'one') });
    expect(row().operation).toMatchObject({ waiting: 'hook', generation: 1 });
    await stack.push({ 'web/config.yaml': configMapYaml('web', 'two'), 'web/job.yaml': null });
    await stack.settle(10);
    expect(row().operation).toMatchObject({ waiting: 'hook', generation: 1 });
    expect(row().desired?.generation).toBe(2);
    cluster().setStatus(JOB, { conditions: [{ type: 'Complete', status: 'True' }] });
    await stack.settle(30);
    expect(row()).toMatchObject({ applied: { generation: 2 }, operation: { generation: 2 } });
    expect(value()).toEqual({ value: 'two' });
  });

  it('that cannot be rendered leaves what runs to its end, and is told', async () => {
    await start({ 'web/job.yaml': job('PreSync'), 'web/config.yaml': configMapYaml('web', 'one') });
    const commit = await stack.push({ 'web/config.yaml': 'kind: ConfigMap\nmetadata: { name: web }\n' });
    await stack.settle(10);
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('failure');
    cluster().setStatus(JOB, { conditions: [{ type: 'Complete', status: 'True' }] });
    await stack.settle(30);
    expect(row().operation).toMatchObject({ generation: 1, phase: 'Succeeded' });
    expect(value()).toEqual({ value: 'one' });
  });

  it('begins at once where what the older operation works on is lost', async () => {
    await start({ 'web/job.yaml': job('PreSync'), 'web/config.yaml': configMapYaml('web', 'one') });
    stack.blobs.blobs.clear();
    await stack.push({ 'web/config.yaml': configMapYaml('web', 'two'), 'web/job.yaml': null });
    await stack.settle(100);
    expect(row()).toMatchObject({ applied: { generation: 2 } });
  });
});

const withWindows = (windows: string): string => projectYaml('default', `  syncWindows: [${windows}]`);

describe('a sync window', () => {
  // The stack's clock starts at 2023-11-14T22:13:20Z.
  const allow = (more = '') =>
    withWindows(
      `{ kind: allow, schedule: '0 1 * * *', duration: 1h, applications: [web], timeZone: Europe/Berlin${more} }`,
    );
  const files = (project: string) => ({
    'apps/project.yaml': project,
    'web/config.yaml': configMapYaml('web', 'one'),
  });

  it('that is closed makes the application wait and say when it opens; it starts then', async () => {
    const commit = await start(files(allow()));
    expect(row().waiting).toBe('outside its allow windows: "0 1 * * *" for 1h Europe/Berlin; opens 2023-11-15T00:00Z');
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', expect.stringContaining('waiting')]);
    expect(value()).toBeUndefined();
    await pass(3_600);
    expect(value()).toBeUndefined();
    await pass(60 * 47);
    expect(value()).toEqual({ value: 'one' });
    expect(row()).not.toHaveProperty('waiting');
    expect(row()).toMatchObject({ sync: 'Synced' });
  });

  it('lets a person’s sync through where manualSync says so, and only there', async () => {
    await start(files(allow()));
    await stack.control.sync(ID);
    await stack.settle();
    expect(value()).toBeUndefined();
    await stack.push({ 'apps/project.yaml': allow(', manualSync: true') });
    await stack.settle();
    await stack.control.sync(ID);
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
  });

  it('does not keep what it holds from being terminated', async () => {
    const deny = withWindows(`{ kind: deny, schedule: '14 22 * * *', duration: 1h, applications: [web] }`);
    await start({ ...files(deny), 'web/deployment.yaml': deployment(0), 'web/later.yaml': later('one') });
    expect(row().operation).toMatchObject({ waiting: 'health' });
    stack.time.now += 60_000;
    await stack.settle();
    expect(row().waiting).toMatch(/^in a deny window/);
    await stack.control.terminate(ID);
    await stack.settle();
    expect(row().operation).toMatchObject({ phase: 'Failed', stage: 'ended', message: 'operation terminated' });
    expect(value('later')).toBeUndefined();
  });

  it('holds an operation that runs when it closes, unless it may overrun', async () => {
    const deny = (more = '') =>
      withWindows(`{ kind: deny, schedule: '14 22 * * *', duration: 1h, applications: [web]${more} }`);
    await start({ ...files(deny()), 'web/deployment.yaml': deployment(0), 'web/later.yaml': later('one') });
    expect(row().operation).toMatchObject({ waiting: 'health' });
    stack.time.now += 60_000;
    const healthy = { observedGeneration: 9, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
    cluster().setStatus({ group: 'apps', kind: 'Deployment', namespace: 'web', name: 'web' }, healthy);
    await stack.settle();
    expect(row().waiting).toMatch(/^in a deny window.*opens 2023-11-14T23:14Z$/);
    expect(value('later')).toBeUndefined();
    await stack.push({ 'apps/project.yaml': deny(', syncOverrun: true') });
    await stack.settle();
    await pass(3_600);
    expect(value('later')).toEqual({ value: 'one' });
  });
});
