import type { ApplicationRow, ResourceState } from '../../domain/application-row.ts';
import { assessHealth } from '../../domain/health/health.ts';
import { resourceResults } from '../../domain/sync/resource-results.ts';
import type { ResourceResult, Target } from '../../domain/sync/sync-operation.ts';
import type { SyncDeps } from './deps.ts';
import type { Running } from './run-operation.ts';
import type { Advance } from './sync-application.ts';
import { HEALTH_LOOKS_MS, settleHealth } from './watch-health.ts';

/** The row after an operation ended: what is applied, its health right now, and when to look at it again. */
export const applied = async (deps: SyncDeps, ended: Running): Promise<Advance> => {
  const { row, operation, inventory, live } = ended;
  const now = deps.clock();
  const targets = ended.targets.filter(({ hook, phases }) => !hook && phases.length > 0);
  const results = resourceResults(operation, ended.targets);
  const times = { ...row.times, rendered: row.times.rendered ?? now };
  const common = { operation, inventory: [...inventory] };
  if (operation.phase !== 'Succeeded') {
    const resources = resourcesOf(deps, targets, results, live);
    return { change: { ...common, resources, sync: 'OutOfSync', times }, clear: ['awaiting', 'waiting'] };
  }
  const health = await settleHealth(deps, ended.connection, targets, live, HEALTH_LOOKS_MS);
  const isMoving = health.status === 'Progressing' || health.status === 'Missing' || health.status === 'Degraded';
  const change: Partial<ApplicationRow> = {
    ...common,
    resources: resourcesOf(deps, targets, results, live),
    ...appliedFields(row, now),
    health,
    sync: results.some(({ status }) => status === 'PruneSkipped') ? 'OutOfSync' : 'Synced',
    times: { ...times, applied: now, ...(health.status === 'Healthy' ? { healthy: deps.clock() } : {}) },
  };
  return { change, clear: ['awaiting', 'waiting'], ...(isMoving ? { waitSeconds: 1 } : {}) };
};

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
  results: readonly ResourceResult[],
  live: Running['live'],
): ResourceState[] => {
  const byKey = new Map(results.map((result) => [result.key, result]));
  const states = targets.map(({ key, ref }): ResourceState => {
    const result = byKey.get(key);
    const object = live.get(key);
    const health = object && assessHealth(object, deps.healthOverrides);
    return {
      ...ref,
      sync: result?.status === 'Synced' ? 'Synced' : 'OutOfSync',
      ...(health ? { health } : {}),
      ...(result?.message ? { message: result.message } : {}),
    };
  });
  const left = results.filter(({ status }) => status === 'PruneSkipped');
  return [...states, ...left.map(({ ref, message }): ResourceState => ({ ...ref, sync: 'OutOfSync', message }))];
};
