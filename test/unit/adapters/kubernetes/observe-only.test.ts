import { expect, test } from 'vitest';
import { connectCluster } from '../../../../src/adapters/kubernetes/connect-cluster.ts';
import { observeOnly } from '../../../../src/adapters/kubernetes/observe-only.ts';
import { createFakeCluster } from '../../../fakes/fake-cluster.ts';

const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'ns' }, data: { a: '1' } };
const ref = { group: '', version: 'v1', kind: 'ConfigMap', namespace: 'ns', name: 'a' };
const ours = { fieldManager: 'argocd-controller' };

test('sends reads and dry runs, and nothing else', async () => {
  const fake = createFakeCluster({ objects: [map] });
  const cluster = observeOnly(fake);
  expect(await cluster.get(ref)).toMatchObject(map);
  expect(await cluster.list(ref)).toHaveLength(1);
  expect(await cluster.apply({ ...map, data: { a: '2' } }, { ...ours, dryRun: true, force: true })).toMatchObject({
    data: { a: '2' },
  });
  expect(await cluster.delete(ref, { dryRun: true })).toBe(true);
  for (const write of [
    () => cluster.apply(map, ours),
    () => cluster.create(map, ours),
    () => cluster.replace(map, ours),
    () => cluster.patch(ref, {}, ours),
    () => cluster.delete(ref),
  ]) {
    await expect(write()).rejects.toMatchObject({ code: 'observe-mode', kind: 'permanent' });
  }
  expect(fake.writes()).toEqual([]);
});

test('is how a cluster in observe mode is connected to', async () => {
  const embedded = () => ({ url: 'http://127.0.0.1:1' });
  const connect = connectCluster({ clock: () => 0, random: () => 0, sleep: async () => undefined, embedded });
  const config = { name: 'dev', labels: {}, annotations: {}, access: { type: 'embedded' as const } };
  const observed = await connect({ ...config, mode: 'observe' }, 'r1');
  await expect(observed.delete(ref)).rejects.toMatchObject({ code: 'observe-mode' });
  const writing = await connect(config, 'r1');
  await expect(writing.delete(ref)).rejects.toMatchObject({ code: 'cluster-unreachable' });
});
