import type { ApplicationRow, ResourceState } from '../../domain/application-row.ts';
import { assessHealth, type Health } from '../../domain/health/health.ts';
import { type KubernetesObject, resourceKey } from '../../domain/kubernetes-object.ts';
import { afterOperation } from '../../domain/sync/inventory.ts';
import type { Operation, Target } from '../../domain/sync/operation.ts';
import type { ClusterConnection } from '../../ports/cluster.ts';
import type { SyncDeps } from './deps.ts';
import type { Advance } from './sync-application.ts';
import { HEALTH_LOOKS_MS, settleHealth } from './watch-health.ts';

interface Ended {
  row: ApplicationRow;
  operation: Operation;
  targets: readonly Target[];
  live: Map<string, KubernetesObject>;
  connection: ClusterConnection;
}

/** The row after an operation ended: what is applied, its health right now, and when to look at it again. */
export const applied = async (deps: SyncDeps, ended: Ended): Promise<Advance> => {
  const { row, operation, targets, live } = ended;
  const now = deps.clock();
  const inventory = afterOperation(row.inventory, operation, live, goneKeys(ended));
  const times = { ...row.times, rendered: row.times.rendered ?? now };
  if (operation.phase === 'Failed') {
    const resources = resourcesOf(deps, targets, operation, live);
    return { change: { operation, inventory, resources, sync: 'OutOfSync', times }, clear: ['awaiting', 'waiting'] };
  }
  const health = await settleHealth(deps, ended.connection, targets, live, HEALTH_LOOKS_MS);
  const change: Partial<ApplicationRow> = {
    operation,
    inventory,
    resources: resourcesOf(deps, targets, operation, live),
    ...appliedFields(row, now),
    health,
    sync: outOfSync(operation) ? 'OutOfSync' : 'Synced',
    times: { ...times, applied: now, ...(health.status === 'Healthy' ? { healthy: deps.clock() } : {}) },
  };
  const isMoving = health.status === 'Progressing' || health.status === 'Missing' || health.status === 'Degraded';
  return { change, clear: ['awaiting', 'waiting'], ...(isMoving ? { waitSeconds: 1 } : {}) };
};

/** Objects of the inventory that are neither rendered nor live any more. */
const goneKeys = ({ row, targets, operation, live }: Ended): Set<string> => {
  const kept = new Set(targets.map(({ key }) => key));
  const keys = row.inventory.map(({ ref }) => resourceKey(ref));
  return new Set(
    keys.filter((key) => !kept.has(key) && !live.has(key) && operation.results[key]?.status !== 'PruneSkipped'),
  );
};

const outOfSync = ({ results }: Operation): boolean =>
  Object.values(results).some(({ status }) => status === 'PruneSkipped' || status === 'SyncFailed');

const appliedFields = (row: ApplicationRow, at: number): Partial<ApplicationRow> => {
  const { desired } = row;
  if (!desired) return {};
  const { generation, rollout, revisions, renderKeys } = desired;
  const record = { generation, rollout, revisions, renderKeys, at };
  return { applied: record, history: [record, ...row.history].slice(0, Math.max(1, row.spec.revisionHistoryLimit)) };
};

const resourcesOf = (
  deps: SyncDeps,
  targets: readonly Target[],
  { results }: Operation,
  live: ReadonlyMap<string, KubernetesObject>,
): ResourceState[] =>
  targets.map(({ key, ref }) => {
    const result = results[key];
    const object = live.get(key);
    const health: Health | undefined = object && assessHealth(object, deps.healthOverrides);
    return {
      ...ref,
      sync: result?.status === 'Synced' ? 'Synced' : 'OutOfSync',
      ...(health ? { health } : {}),
      ...(result?.message ? { message: result.message } : {}),
    };
  });
