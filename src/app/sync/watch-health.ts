import type { ApplicationRow } from '../../domain/application-row.ts';
import type { ClusterConfig } from '../../domain/fleet/fleet-file.ts';
import { assessHealth } from '../../domain/health/health.ts';
import type { Health } from '../../domain/health/health-status.ts';
import { type KubernetesObject, type ResourceRef, resourceKey } from '../../domain/kubernetes-object.ts';
import { PROGRESS_DEADLINE_MS } from '../../domain/rollout.ts';
import type { ClusterConnection } from '../../ports/cluster.ts';
import type { SyncDeps } from './deps.ts';
import { foldLive } from './fold-live.ts';
import type { Advance } from './look.ts';

/** Pauses between looks while the wait is likely short: about half a second in all, then a delayed message takes over. */
export const HEALTH_LOOKS_MS: readonly number[] = [20, 30, 50, 100, 150, 200];

const WATCH_SECONDS = 1;
/** Past the rollout's deadline somebody is told already; what still moves is looked at less often. */
const LATE_WATCH_SECONDS = 60;
const WATCH_GIVES_UP_MS = 60 * 60_000;

interface Watched {
  key: string;
  ref: ResourceRef;
}

/**
 * Reads what is not healthy yet again and again, with the given pauses, until all of it is or the pauses are used up;
 * `live` holds the newest objects afterwards.
 */
export const settleHealth = async (
  deps: SyncDeps,
  connection: ClusterConnection,
  targets: readonly Watched[],
  live: Map<string, KubernetesObject | undefined>,
  pauses: readonly number[],
): Promise<Health> => {
  // What this run has not looked at may be anything.
  if (targets.some(({ key }) => !live.has(key))) await readUnsettled(deps, connection, targets, live);
  let health = foldLive(deps, targets, live);
  for (const pause of pauses) {
    if (health.status !== 'Progressing' && health.status !== 'Missing') break;
    await deps.pause(pause);
    await readUnsettled(deps, connection, targets, live);
    health = foldLive(deps, targets, live);
  }
  return health;
};

const readUnsettled = async (
  deps: SyncDeps,
  connection: ClusterConnection,
  targets: readonly Watched[],
  live: Map<string, KubernetesObject | undefined>,
): Promise<void> => {
  const unsettled = targets.filter(({ key }) => {
    const object = live.get(key);
    const status = object && assessHealth(object, deps.healthOverrides)?.status;
    return object === undefined || (status !== undefined && status !== 'Healthy');
  });
  await Promise.all(
    unsettled.map(async ({ key, ref }) => {
      const object = await connection.get(ref);
      live.set(key, object);
    }),
  );
};

const isSettled = ({ status }: Health): boolean => status === 'Healthy' || status === 'Suspended';

/** True while a change that was applied has not settled and its end is still waited for. */
export const isWatched = ({ health, desired }: Pick<ApplicationRow, 'health' | 'desired'>, now: number): boolean =>
  !isSettled(health) && now - (desired?.plannedAt ?? 0) <= WATCH_GIVES_UP_MS;

/** Looks at the health of what is applied, until it has settled or its deadline has long passed. */
export const watchHealth = async (deps: SyncDeps, row: ApplicationRow, cluster: ClusterConfig): Promise<Advance> => {
  if (!isWatched(row, deps.clock())) return { change: {} };
  const connection = await deps.connect(cluster, row.desired?.rollout ?? 'towline', row.id);
  const targets = row.resources.map((ref) => ({ key: resourceKey(ref), ref }));
  const live = new Map<string, KubernetesObject | undefined>();
  await readUnsettled(deps, connection, targets, live);
  const health = await settleHealth(deps, connection, targets, live, [200, 300, 400]);
  const resources = row.resources.map((resource) => {
    const object = live.get(resourceKey(resource));
    const now = object && assessHealth(object, deps.healthOverrides);
    const { health: _before, ...rest } = resource;
    if (!object) return resource;
    return now ? { ...rest, health: now } : rest;
  });
  const settled = isSettled(health);
  const times = settled ? { ...row.times, healthy: deps.clock() } : row.times;
  const passed = deps.clock() - (row.desired?.plannedAt ?? 0);
  const change = { health, resources, times };
  if (settled || passed > WATCH_GIVES_UP_MS) return { change };
  return { change, waitSeconds: passed > PROGRESS_DEADLINE_MS ? LATE_WATCH_SECONDS : WATCH_SECONDS };
};
