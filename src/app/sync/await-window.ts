import type { WindowQuestion } from '../../domain/fleet/sync-windows.ts';
import { type WindowHold, windowHold } from '../../domain/fleet/window-hold.ts';
import { isManual } from '../../domain/sync/decide-start.ts';
import type { SyncDeps } from './deps.ts';
import type { Advance, Look } from './look.ts';

/** However far away the opening: the project's windows may be changed until then. */
const LOOK_AGAIN_SECONDS = 3_600;

/**
 * The wait for a sync window, where the project's windows keep an operation from starting, or one that runs from going on;
 * `schedule` looks again when they open. Undefined: they let it through, as they do what a person wants terminated.
 */
export const awaitWindow = (deps: SyncDeps, look: Look): Advance | undefined => {
  const { operation, desired, times, terminated } = look.row;
  const isRunning = operation?.generation === desired?.generation && operation?.stage !== 'ended';
  if (isRunning && terminated !== undefined && operation?.id === terminated) return undefined;
  const now = deps.clock();
  const hold = holdOf(look, {
    now: new Date(now),
    isManual: isManual(look.row),
    ...(isRunning && operation ? { startedAt: new Date(operation.startedAt) } : {}),
  });
  if (!hold) return undefined;
  return {
    change: { waiting: hold.message, sync: 'OutOfSync', times: { ...times, rendered: times.rendered ?? now } },
    clear: ['awaiting'],
    dueSeconds: secondsUntil(hold, now),
  };
};

/** Seconds until the project's windows let a self-heal start, an hour at most; undefined: they let it start now. */
export const healHeldSeconds = (look: Pick<Look, 'row' | 'project' | 'cluster'>, now: number): number | undefined => {
  const hold = holdOf(look, { now: new Date(now), isManual: false });
  return hold && secondsUntil(hold, now);
};

const holdOf = (
  { row: { spec }, project, cluster }: Pick<Look, 'row' | 'project' | 'cluster'>,
  question: WindowQuestion,
): WindowHold | undefined => {
  const { name, server = spec.destination.server } = cluster;
  const destination = { ...spec.destination, name, ...(server ? { server } : {}) };
  return project && windowHold(project, { name: spec.name, destination }, question);
};

const secondsUntil = ({ opensAt = Number.POSITIVE_INFINITY }: WindowHold, now: number): number =>
  Math.min(LOOK_AGAIN_SECONDS, Math.max(1, (opensAt - now) / 1_000));
