import { beforeEach, describe, expect, it } from 'vitest';
import type { ApplicationRow } from '../../../../src/domain/application-row.ts';
import { transient } from '../../../../src/domain/errors.ts';
import { applicationYaml, configMapYaml, createMemoryStack, projectYaml } from '../../../fakes/memory-stack.ts';

const ID = 'argocd/web';
const HOUR = 3_600;
const CONFIG = { group: '', kind: 'ConfigMap', namespace: 'web', name: 'web' };
const DEPLOYMENT = { group: 'apps', kind: 'Deployment', namespace: 'web', name: 'web' };

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { replicas: 1, selector: { matchLabels: { app: web } } }
`;

const automated = (more = '') =>
  `  syncPolicy: { automated: { prune: true${more} }, syncOptions: [CreateNamespace=true] }`;

let stack: Awaited<ReturnType<typeof createMemoryStack>>;
const row = (): ApplicationRow => stack.applications.rows.get(ID) ?? expect.fail('no such application');
const cluster = () => stack.clusters.dev;

const healthy = { observedGeneration: 9, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };

/** Time goes on; schedule runs; what it sends is worked off. */
const pass = async (seconds: number): Promise<void> => {
  stack.time.now += seconds * 1_000;
  await stack.sweep();
  await stack.settle();
};

/** An application of a ConfigMap and a healthy Deployment, applied and at rest. */
const start = async (spec = automated(), files: Record<string, string> = {}): Promise<void> => {
  stack = await createMemoryStack(undefined, undefined, HOUR);
  await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev', { spec }),
    'web/config.yaml': configMapYaml('web', 'one'),
    'web/deployment.yaml': deployment,
    ...files,
  });
  await stack.settle();
  cluster().setStatus(DEPLOYMENT, healthy);
  await pass(70);
};

const calls = (verb: string) => cluster().calls.filter((call) => call.verb === verb);
const change = (value: string): void => {
  const object = cluster().objects.get('/ConfigMap/web/web');
  if (object) cluster().put({ ...object, data: { value } });
};
const value = () => cluster().objects.get('/ConfigMap/web/web')?.['data'];

describe('an application at rest', () => {
  beforeEach(() => start());

  it('is compared once per interval, which costs one read per object and writes nothing', async () => {
    await pass(HOUR);
    const first = row().compared?.at ?? 0;
    const versions = () => [...cluster().objects.values()].map(({ metadata }) => metadata.resourceVersion);
    const before = versions();
    cluster().calls.splice(0);
    await pass(HOUR);
    expect(row().compared?.at).toBeGreaterThan(first);
    expect(row()).toMatchObject({ sync: 'Synced', health: { status: 'Healthy' } });
    expect(cluster().calls.map(({ verb }) => verb)).toEqual(['get', 'get']);
    expect(versions()).toEqual(before);
    expect(cluster().writes()).toEqual([]);
  });

  it('is due again when its interval has passed, and at no earlier sweep', async () => {
    await pass(HOUR);
    const { compared } = row();
    const due = row().due ?? 0;
    expect(due).toBeGreaterThan(compared?.at ?? 0);
    expect(due).toBeLessThanOrEqual((compared?.at ?? 0) + HOUR * 1_000);
    expect(row()).not.toHaveProperty('lease');
    stack.time.now = due - 1;
    expect(await stack.sweep()).toEqual({ repeated: 0 });
    stack.time.now = due;
    expect(await stack.sweep()).toEqual({ repeated: 1 });
  });

  it('has the server asked only about what is not what it was', async () => {
    await pass(HOUR);
    cluster().calls.splice(0);
    change('drifted');
    await pass(HOUR);
    expect(calls('apply').map(({ ref, options }) => [ref?.kind, options?.dryRun])).toEqual([['ConfigMap', true]]);
    expect(row()).toMatchObject({ sync: 'OutOfSync', health: { status: 'Healthy' } });
    expect(row().resources.find(({ kind }) => kind === 'ConfigMap')).toMatchObject({
      sync: 'OutOfSync',
      message: 'differs in data.value',
    });
    expect(value()).toEqual({ value: 'drifted' });
  });

  it('is in sync again once somebody put it right', async () => {
    change('drifted');
    await pass(HOUR);
    change('one');
    await pass(HOUR);
    expect(row()).toMatchObject({ sync: 'Synced' });
  });

  it('is noticed to be degraded, and to recover sooner than after an hour; the commit stays a success', async () => {
    const statuses = stack.statuses.length;
    const condition = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' };
    cluster().setStatus(DEPLOYMENT, { ...healthy, conditions: [condition] });
    await pass(HOUR);
    expect(row().health.status).toBe('Degraded');
    expect(stack.events.seen.findLast(({ event }) => event === 'application')).toMatchObject({
      health: 'Degraded',
      sync: 'Synced',
    });
    cluster().setStatus(DEPLOYMENT, healthy);
    await pass(300);
    expect(row().health.status).toBe('Healthy');
    expect(stack.statuses.length).toBe(statuses);
  });

  it('tells what is missing', async () => {
    cluster().drop(CONFIG);
    await pass(HOUR);
    expect(row()).toMatchObject({ sync: 'OutOfSync', health: { status: 'Healthy' } });
    expect(row().resources.find(({ kind }) => kind === 'ConfigMap')).toMatchObject({
      health: { status: 'Missing' },
      message: 'it is not in the cluster',
    });
  });

  it('is compared at once when asked to be refreshed', async () => {
    change('drifted');
    await stack.control.refresh(ID);
    await stack.settle();
    expect(row()).toMatchObject({ sync: 'OutOfSync' });
  });

  it('is Unknown while its cluster cannot be read, without a message going round, and tried again soon', async () => {
    cluster().failNext('get', transient('cluster-unreachable', 'cluster "dev" cannot be reached'), () => true, 2);
    await pass(HOUR);
    expect(row()).toMatchObject({ sync: 'Unknown', compared: { error: 'cluster "dev" cannot be reached' } });
    expect(stack.sent.syncs).toEqual([]);
    await pass(300);
    expect(row()).toMatchObject({ sync: 'Synced' });
    expect(row().compared).not.toHaveProperty('error');
  });
});

describe('self-heal', () => {
  it('puts back only what differs, runs no hook and is no new revision', async () => {
    await start(automated(', selfHeal: true'));
    await pass(HOUR);
    const before = row();
    change('drifted');
    cluster().calls.splice(0);
    await pass(HOUR);
    expect(value()).toEqual({ value: 'one' });
    expect(
      cluster()
        .writes()
        .map(({ verb, ref }) => [verb, ref?.kind]),
    ).toEqual([['apply', 'ConfigMap']]);
    expect(row()).toMatchObject({ sync: 'Synced', operation: { phase: 'Succeeded', heals: 1 } });
    expect(row()).not.toHaveProperty('healing');
    expect([row().history, row().applied, row().times]).toEqual([before.history, before.applied, before.times]);
    expect(row().resources).toHaveLength(2);
  });

  it('pauses longer each time it has to', async () => {
    await start(automated(', selfHeal: true'));
    change('drifted');
    await pass(HOUR);
    expect(value()).toEqual({ value: 'one' });
    change('again');
    await stack.control.refresh(ID);
    await stack.settle(1);
    expect(value()).toEqual({ value: 'again' });
    await pass(70);
    expect(value()).toEqual({ value: 'one' });
    expect(row().operation).toMatchObject({ heals: 2 });
  });

  it('is left to people where automated sync does not say so', async () => {
    await start();
    change('drifted');
    await pass(HOUR);
    expect(value()).toEqual({ value: 'drifted' });
    expect(row()).toMatchObject({ sync: 'OutOfSync' });
  });

  it('keeps out of a closed sync window', async () => {
    const project = projectYaml('default', '  syncWindows: []');
    const window = '[{ kind: deny, schedule: "* * * * *", duration: 24h, applications: ["*"] }]';
    await start(automated(', selfHeal: true'), { 'apps/project.yaml': project });
    await stack.push({ 'apps/project.yaml': project.replace('[]', window) });
    await stack.settle();
    change('drifted');
    await pass(HOUR);
    expect(row()).toMatchObject({ sync: 'OutOfSync' });
    expect(value()).toEqual({ value: 'drifted' });
  });

  it('heals when the sync window opens, however far away the next comparison is', async () => {
    const project = (windows: string) => projectYaml('default', `  syncWindows: [${windows}]`);
    await start(automated(', selfHeal: true'), { 'apps/project.yaml': project('') });
    const window = '{ kind: deny, schedule: "0 22 * * *", duration: 30m, clusters: [dev] }';
    await stack.push({ 'apps/project.yaml': project(window) });
    await stack.settle();
    change('drifted');
    await stack.control.refresh(ID);
    await stack.settle();
    const opens = Date.parse('2023-11-14T22:30:00Z');
    expect(row()).toMatchObject({ sync: 'OutOfSync', refresh: opens, due: opens });
    expect(value()).toEqual({ value: 'drifted' });
    await pass((opens - stack.clock()) / 1_000 + 1);
    expect(value()).toEqual({ value: 'one' });
  });
});
