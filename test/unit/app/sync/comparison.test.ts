import { describe, expect, it } from 'vitest';
import type { ApplicationRow } from '../../../../src/domain/application-row.ts';
import { permanent } from '../../../../src/domain/errors.ts';
import { applicationYaml, configMapYaml, createMemoryStack, projectYaml } from '../../../fakes/memory-stack.ts';

const ID = 'argocd/web';
const HOUR = 3_600;
const AUTOMATED = '  syncPolicy: { automated: { prune: false }, syncOptions: [CreateNamespace=true] }';
const MANUAL = '  syncPolicy: { syncOptions: [CreateNamespace=true] }';

/** An application of these files, planned and, where nobody has to ask for it, applied. */
const start = async (files: Record<string, string>, spec = AUTOMATED) => {
  const stack = await createMemoryStack(undefined, undefined, HOUR);
  const cluster = stack.clusters.dev;
  await stack.push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev', { spec }), ...files });
  await stack.settle();
  const row = (): ApplicationRow => stack.applications.rows.get(ID) ?? expect.fail('no such application');
  /** What a comparison asks of the cluster. */
  const refresh = async (): Promise<string[]> => {
    cluster.calls.splice(0);
    stack.time.now += 1_000;
    await stack.control.refresh(ID);
    await stack.settle();
    return cluster.calls.map(({ verb, options }) => (options?.dryRun ? `${verb} (dry run)` : verb));
  };
  const edit = (name: string, data: unknown): void => {
    const object = cluster.objects.get(`/ConfigMap/web/${name}`) ?? expect.fail(`no ${name}`);
    cluster.put({ ...object, data });
  };
  return { ...stack, cluster, row, refresh, edit };
};

const manyYaml = (count: number): string =>
  Array.from({ length: count }, (_, index) => configMapYaml(`c${index}`, String(index))).join('---\n');

const outOfSync = ({ resources }: ApplicationRow) =>
  resources.filter(({ sync }) => sync !== 'Synced').map(({ name, message }) => [name, message]);

describe('what a comparison costs', () => {
  it('is one list for many objects of a kind', async () => {
    const { row, refresh } = await start({ 'web/many.yaml': manyYaml(20) });
    expect(await refresh()).toEqual(['list']);
    expect(row()).toMatchObject({ sync: 'Synced', resources: { length: 20 } });
  });

  it('is one list and no dry run for 5,000 objects, and one dry run for each that moved', {
    timeout: 300_000,
  }, async () => {
    const { row, refresh, edit } = await start({ 'web/many.yaml': manyYaml(5_000) });
    expect(row()).toMatchObject({ sync: 'Synced', resources: { length: 5_000 } });
    expect(await refresh()).toEqual(['list']);
    edit('c7', { value: 'drifted' });
    edit('c4999', { value: 'drifted' });
    expect((await refresh()).toSorted()).toEqual(['apply (dry run)', 'apply (dry run)', 'discover', 'list']);
    expect(outOfSync(row()).map(([name]) => name)).toEqual(['c7', 'c4999']);
  });

  it('is a read each where a kind may not be listed', async () => {
    const { row, refresh, cluster } = await start({ 'web/many.yaml': manyYaml(10) });
    cluster.failNext('list', permanent('cluster-denied', 'may not list'));
    expect(await refresh()).toEqual(['list', ...Array.from({ length: 10 }, () => 'get')]);
    expect(row()).toMatchObject({ sync: 'Synced' });
  });

  it('is no dry run for a field that is ignored', async () => {
    const spec = `${AUTOMATED}\n  ignoreDifferences: [{ kind: ConfigMap, jsonPointers: [/data/value] }]`;
    const { row, refresh, edit } = await start({ 'web/config.yaml': configMapYaml('a', '1') }, spec);
    edit('a', { value: 'of somebody else' });
    expect(await refresh()).toEqual(['get']);
    expect(row()).toMatchObject({ sync: 'Synced' });
  });
});

describe('what a comparison finds', () => {
  it('names fields, never values', async () => {
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { password: hunter2 }\n';
    const { row, refresh, cluster } = await start({ 'web/secret.yaml': secret });
    const live = cluster.objects.get('/Secret/web/s') ?? expect.fail('no Secret');
    cluster.put({ ...live, data: { password: Buffer.from('stolen').toString('base64') } });
    await refresh();
    expect(outOfSync(row())).toEqual([['s', 'differs in data.password']]);
    for (const value of ['hunter2', 'stolen'])
      for (const text of [value, Buffer.from(value).toString('base64')])
        expect(JSON.stringify(row())).not.toContain(text);
  });

  it('is what no source has any more, until it is gone', async () => {
    const { row, refresh, push, settle, cluster } = await start({
      'web/a.yaml': configMapYaml('a', '1'),
      'web/b.yaml': configMapYaml('b', '1'),
    });
    await push({ 'web/b.yaml': null });
    await settle();
    await refresh();
    expect(outOfSync(row())).toEqual([['b', expect.stringContaining('prun')]]);
    expect(row().resources.find(({ name }) => name === 'b')).toMatchObject({ prune: true });
    cluster.drop({ group: '', kind: 'ConfigMap', namespace: 'web', name: 'b' });
    await refresh();
    expect(row()).toMatchObject({ sync: 'Synced', resources: { length: 1 } });
  });

  it('is shown for an application that waits for a person, which stays as it is', async () => {
    const { row, cluster, push, settle, events } = await start({ 'web/a.yaml': configMapYaml('a', '1') }, MANUAL);
    expect(row()).toMatchObject({ sync: 'OutOfSync', waiting: 'manual sync: automated sync is off' });
    const told = events.seen.flatMap((one) => (one.event === 'application' ? [one.phase] : []));
    expect(new Set(told)).toEqual(new Set(['waiting']));
    expect(outOfSync(row())).toEqual([['a', 'it is not in the cluster']]);
    expect(cluster.writes()).toEqual([]);
    await push({ 'web/a.yaml': configMapYaml('a', '2') });
    await settle();
    expect(row().compared?.at).toBeGreaterThan(0);
    expect(cluster.writes()).toEqual([]);
  });

  it('is told of orphans where the project wants to know', async () => {
    const project = projectYaml(
      'default',
      '  orphanedResources: { warn: true, ignore: [{ kind: ConfigMap, name: "known-*" }] }',
    );
    const { row, refresh, cluster } = await start({
      'apps/project.yaml': project,
      'web/a.yaml': configMapYaml('a', '1'),
    });
    const object = (name: string, metadata = {}) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'web', ...metadata },
    });
    cluster.put(object('stray'));
    cluster.put(object('known-1'));
    cluster.put(object('kube-root-ca.crt'));
    cluster.put(object('elsewhere', { namespace: 'other' }));
    cluster.put(object('owned', { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }] }));
    await refresh();
    expect(row().compared?.orphaned).toEqual({ count: 1, sample: ['ConfigMap/stray'] });
    expect(row().sync).toBe('Synced');
  });
});

describe('how often it is compared', () => {
  const settingsYaml = (interval: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: argocd-cm, namespace: argocd, labels: { app.kubernetes.io/part-of: argocd } }
data: { timeout.reconciliation: ${interval} }
`;

  it.each([
    ['180s', 180],
    ['1s', 60],
    ['24h', 86_400],
  ])('is what timeout.reconciliation says: %s', async (interval, seconds) => {
    const files = { 'apps/argocd-cm.yaml': settingsYaml(interval), 'web/a.yaml': configMapYaml('a', '1') };
    const { row } = await start(files);
    const { compared, due = 0 } = row();
    expect(compared).toMatchObject({ seconds });
    expect(due - (compared?.at ?? 0)).toBeLessThanOrEqual(seconds * 1_000);
  });

  it('is never without being asked where it says 0', async () => {
    const files = { 'apps/argocd-cm.yaml': settingsYaml('"0"'), 'web/a.yaml': configMapYaml('a', '1') };
    const { row, refresh } = await start(files);
    expect(row()).not.toHaveProperty('due');
    expect(await refresh()).toEqual(['get']);
  });
});
