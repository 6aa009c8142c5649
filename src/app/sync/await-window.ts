import { windowHold } from '../../domain/fleet/window-hold.ts';
import { isManual } from '../../domain/sync/decide-start.ts';
import type { SyncDeps } from './deps.ts';
import type { Look } from './look.ts';
import type { Advance } from './sync-application.ts';

/** However far away the opening: the project's windows may be changed until then. */
const LOOK_AGAIN_SECONDS = 3_600;

/**
 * The wait for a sync window, where the project's windows keep an operation from starting, or one that runs from going on;
 * `schedule` looks again when they open. Undefined: they let it through.
 */
export const awaitWindow = (deps: SyncDeps, { row, project, cluster }: Look): Advance | undefined => {
  const { spec, operation, desired, times } = row;
  const isRunning = operation?.generation === desired?.generation && operation?.stage !== 'ended';
  const { name, server = spec.destination.server } = cluster;
  const destination = { ...spec.destination, name, ...(server ? { server } : {}) };
  const now = deps.clock();
  const hold =
    project &&
    windowHold(
      project,
      { name: spec.name, destination },
      {
        now: new Date(now),
        isManual: isManual(row),
        ...(isRunning && operation ? { startedAt: new Date(operation.startedAt) } : {}),
      },
    );
  if (!hold) return undefined;
  const opensIn = ((hold.opensAt ?? Number.POSITIVE_INFINITY) - now) / 1_000;
  return {
    change: { waiting: hold.message, sync: 'OutOfSync', times: { ...times, rendered: times.rendered ?? now } },
    clear: ['awaiting'],
    dueSeconds: Math.min(LOOK_AGAIN_SECONDS, Math.max(1, opensIn)),
  };
};
