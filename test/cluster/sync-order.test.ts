import { beforeAll, describe, expect, test } from 'vitest';
import type { ClusterConnection } from '../../src/ports/cluster.ts';
import type { KillSwitch } from '../fakes/kill-switch.ts';
import { type AuditedWrite, auditedWrites, hasAuditLog } from './harness/audit-log.ts';
import { connectReal, createRealSync } from './harness/real-sync.ts';
import { WAVY_ORDER, wavyApplication } from './harness/wavy-application.ts';

const run = Date.now().toString(36);
const SPEC = `  syncPolicy:
    automated: { prune: true, selfHeal: true }
    syncOptions: [CreateNamespace=true]`;

let cluster: ClusterConnection;
beforeAll(async () => {
  cluster = await connectReal();
});

const concerning =
  (namespace: string, group: string) =>
  ({ namespace: at, name }: AuditedWrite): boolean =>
    at === namespace || name === namespace || name.endsWith(`.${group}`);

/** What was written for the first time when, dry runs and deletions left out. */
const order = (writes: readonly AuditedWrite[]): string[] => [
  ...new Set(
    writes
      .filter(({ dryRun, verb }) => !dryRun && verb !== 'delete')
      .map(({ resource, name }) => `${resource}/${name}`),
  ),
];

const cleanUp = async (namespace: string, group: string): Promise<void> => {
  await cluster.delete({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    name: `widgets.${group}`,
  });
  await cluster.delete({ group: '', version: 'v1', kind: 'Namespace', name: namespace });
};

describe.skipIf(process.env.TEST_CLUSTER_CONTROLLERS === 'false')('an application of hooks and waves', () => {
  test('is applied in Argo CD’s order, and once', async ({ skip }) => {
    const [namespace, group] = [`order-${run}`, `order-${run}.example.com`];
    const stack = await createRealSync({ name: namespace, spec: SPEC });
    await stack.plan(wavyApplication(group));
    await stack.settle();
    expect(stack.row()).toMatchObject({ sync: 'Synced', health: { status: 'Healthy' }, applied: { generation: 1 } });
    skip(!hasAuditLog, 'the API server writes no audit log here');
    const writes = await auditedWrites(concerning(namespace, group));
    expect(order(writes)).toEqual(WAVY_ORDER(namespace, group));
    await cleanUp(namespace, group);
  });

  test('that fails runs its SyncFail hook, and nothing that comes later', async ({ skip }) => {
    const [namespace, group] = [`fails-${run}`, `fails-${run}.example.com`];
    const stack = await createRealSync({
      name: namespace,
      spec: SPEC.replace('automated', 'retry: { limit: 0 }\n    automated'),
    });
    await stack.plan(wavyApplication(group, { failing: true }));
    await stack.settle();
    expect(stack.row().operation).toMatchObject({ phase: 'Failed' });
    expect(stack.row().operation?.message).toContain('stuck');
    skip(!hasAuditLog, 'the API server writes no audit log here');
    const applied = order(await auditedWrites(concerning(namespace, group)));
    expect(applied.at(-1)).toBe('jobs/alarm');
    expect(applied).not.toContain('deployments/web');
    expect(applied).not.toContain('jobs/smoke');
    await cleanUp(namespace, group);
  });

  interface Killed {
    at: number;
    mode: KillSwitch['mode'];
    name: string;
    group: string;
    /** Calls until it died. */
    calls: number;
  }

  /** One sync whose worker dies at its n-th call and is replaced after its lease. */
  const killed = async (at: number, mode: KillSwitch['mode']): Promise<Killed> => {
    const name = `k${at}${mode[0]}-${run}`;
    const group = `${name}.example.com`;
    const kill: KillSwitch = { calls: 0, at: 0, mode, dead: false };
    const stack = await createRealSync({ name, spec: SPEC, kill });
    await stack.plan(wavyApplication(group));
    Object.assign(kill, { calls: 0, at });
    await stack.settle().catch((error: unknown) => {
      if (!kill.dead) throw error;
    });
    const { calls } = kill;
    Object.assign(kill, { at: 0, dead: false });
    for (let starts = 0; starts < 2; starts++) {
      await stack.restart();
      await stack.settle();
    }
    const ended = { sync: 'Synced', health: { status: 'Healthy' }, applied: { generation: 1 } };
    expect(stack.row(), `killed ${mode} call ${at}`).toMatchObject(ended);
    await cleanUp(name, group);
    return { at, mode, name, group, calls };
  };

  test('ends the same, in the same order, wherever its worker is killed', { timeout: 900_000 }, async () => {
    const runs = [await killed(0, 'before')];
    const points = Array.from({ length: runs[0]?.calls ?? 0 }, (_, index) => index + 1);
    expect(points.length).toBeGreaterThan(40);
    const queue = points.flatMap((at) => [() => killed(at, 'before'), () => killed(at, 'after')]).values();
    const worker = async (): Promise<void> => {
      for (const next of queue) runs.push(await next());
    };
    await Promise.all(Array.from({ length: 12 }, worker));
    const writes = hasAuditLog ? await auditedWrites(() => true) : [];
    for (const { at, mode, name, group } of hasAuditLog ? runs : [])
      expect(order(writes.filter(concerning(name, group))), `killed ${mode} call ${at}`).toEqual(
        WAVY_ORDER(name, group),
      );
  });
});
