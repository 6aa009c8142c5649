import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../src/domain/kubernetes-object.ts';
import { connectReal, createRealSync } from './harness/real-sync.ts';

const COUNT = 5_000;
const NAME = `large-${Date.now().toString(36)}`;
const SPEC = `  syncPolicy:
    automated: { prune: true }
    syncOptions: [CreateNamespace=true]`;

const objects = Array.from(
  { length: COUNT },
  (_, index): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `map-${index}` },
    data: { value: String(index) },
  }),
);

test('5,000 objects are synced; at rest they cost one list and no write', { timeout: 300_000 }, async () => {
  const cluster = await connectReal();
  let calls: string[] = [];
  const seen = (verb: string, dryRun: boolean): void => void calls.push(dryRun ? `${verb} (dry run)` : verb);
  const stack = await createRealSync({ name: NAME, spec: SPEC, seen });
  try {
    await stack.plan(objects);
    await stack.settle();
    expect(stack.row()).toMatchObject({ sync: 'Synced', operation: { phase: 'Succeeded' } });
    const before = await cluster.list({ group: '', version: 'v1', kind: 'ConfigMap' }, { namespace: NAME });
    const ours = before.filter(({ metadata }) => metadata.name?.startsWith('map-'));
    expect(ours).toHaveLength(COUNT);
    expect(calls.filter((call) => call === 'apply').length).toBeLessThanOrEqual(COUNT + 1);
    calls = [];
    await stack.refresh();
    expect(stack.row()).toMatchObject({ sync: 'Synced', health: { status: 'Healthy' } });
    expect(calls).toEqual(['list']);
    const after = await cluster.list({ group: '', version: 'v1', kind: 'ConfigMap' }, { namespace: NAME });
    expect(after.map(({ metadata }) => metadata.resourceVersion)).toEqual(
      before.map(({ metadata }) => metadata.resourceVersion),
    );
  } finally {
    await cluster.delete({ group: '', version: 'v1', kind: 'Namespace', name: NAME });
  }
});
