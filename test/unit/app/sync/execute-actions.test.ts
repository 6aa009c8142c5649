import { describe, expect, it } from 'vitest';
import { executeActions } from '../../../../src/app/sync/execute-actions.ts';
import { permanent, transient } from '../../../../src/domain/errors.ts';
import { type ResourceRef, resourceKey } from '../../../../src/domain/kubernetes-object.ts';
import type { Action } from '../../../../src/domain/sync/actions.ts';
import { createFakeCluster } from '../../../fakes/fake-cluster.ts';

const refOf = (name: string, kind = 'ConfigMap'): ResourceRef => ({
  group: '',
  version: 'v1',
  kind,
  namespace: 'shop',
  name,
});
const readsOf = (count: number, kind?: string): Action[] =>
  Array.from({ length: count }, (_, index) => refOf(`c${index}`, kind)).map((ref) => ({
    type: 'read',
    key: resourceKey(ref),
    ref,
  }));
const clusterOf = (count: number) =>
  createFakeCluster({
    objects: Array.from({ length: count }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'shop', name: `c${index}` },
      data: { index: String(index) },
    })),
  });
const verbs = (cluster: ReturnType<typeof clusterOf>) => cluster.calls.map(({ verb }) => verb);

describe('reads of one step', () => {
  it('are one list where they are many of a kind in a namespace, each answered for itself', async () => {
    const cluster = clusterOf(10);
    const actions = [...readsOf(12), ...readsOf(2, 'Secret')];
    const results = await executeActions(cluster, actions);
    expect(verbs(cluster).toSorted()).toEqual(['get', 'get', 'list']);
    expect(results.map(({ key }) => key)).toEqual(actions.map(({ key }) => key));
    expect(results.map(({ object }) => object?.['data'])).toEqual([
      ...Array.from({ length: 10 }, (_, index) => ({ index: String(index) })),
      ...Array.from({ length: 4 }, () => undefined),
    ]);
    expect(results.every(({ error }) => error === undefined)).toBe(true);
  });

  it('are done one by one where we may not list', async () => {
    const cluster = clusterOf(8);
    cluster.failNext('list', permanent('cluster-denied', 'configmaps is forbidden: cannot list'));
    const results = await executeActions(cluster, readsOf(8));
    expect(verbs(cluster)).toEqual(['list', ...Array.from({ length: 8 }, () => 'get')]);
    expect(results.every(({ object }) => object !== undefined)).toBe(true);
  });

  it('all end with what kept the list from being answered', async () => {
    const cluster = clusterOf(8);
    cluster.failNext('list', transient('cluster-throttled', 'too many requests', { retryAfterSeconds: 3 }));
    const results = await executeActions(cluster, readsOf(8));
    expect(verbs(cluster)).toEqual(['list']);
    expect(results.map(({ error }) => [error?.code, error?.retryAfterSeconds])).toEqual(
      Array.from({ length: 8 }, () => ['cluster-throttled', 3]),
    );
  });
});
