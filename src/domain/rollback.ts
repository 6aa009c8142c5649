import type { ApplicationRow, Applied, Desired } from './application-row.ts';
import { RESEND_SYNC_AFTER_MS } from './apply-plan.ts';
import { displacedBy } from './displaced.ts';
import { rejected } from './errors.ts';

/**
 * The history entry that a rollback goes to: the given generation, or the newest whose manifests are not those that are
 * desired now. Errors: AppError `generation-unknown` (rejected), which names what there is.
 */
export const rollbackTarget = (row: ApplicationRow, generation: number | undefined): Applied => {
  const isOther = ({ renderKeys }: Applied): boolean => renderKeys.join() !== row.desired?.renderKeys.join();
  const found = row.history.find((entry) =>
    generation === undefined ? isOther(entry) : entry.generation === generation,
  );
  if (found) return found;
  const wanted = generation === undefined ? 'other manifests' : `generation ${generation}`;
  const known = row.history.map((entry) => entry.generation).join(', ') || 'nothing';
  throw rejected('generation-unknown', `the history of ${row.id} has no ${wanted}: it holds ${known}`);
};

/**
 * The row after a rollback to `target`: its recorded manifests are the next generation, of a rollout of its own, and are
 * synced also where automated sync is off. It is pinned: what Git says stays aside until it moves or a person resumes.
 * Errors: AppError `application-removed`, `application-unplanned` (rejected).
 */
export const rollBack = (
  row: ApplicationRow,
  target: Applied,
  { rollout, now }: { rollout: string; now: number },
): ApplicationRow => {
  const { desired } = row;
  if (row.removed) throw rejected('application-removed', `${row.id} is gone from Git: it is not synced any more`);
  if (!desired) throw rejected('application-unplanned', `${row.id} has not been planned yet`);
  const { revisions, renderKeys } = target;
  const reason = `rolled back to generation ${target.generation}`;
  return {
    ...moved(row, { generation: desired.generation + 1, rollout, revisions, renderKeys, reason, plannedAt: now }),
    syncRequested: desired.generation + 1,
    pinned: { generation: target.generation, at: now, instead: row.pinned?.instead ?? desired },
  };
};

/**
 * The row after a person ended a rollback: what Git says, as it was set aside, is the next generation.
 * Errors: AppError `application-not-pinned` (rejected).
 */
export const resume = (row: ApplicationRow, now: number): ApplicationRow => {
  const { desired, pinned, ...unpinned } = row;
  if (!desired || !pinned) throw rejected('application-not-pinned', `${row.id} is not rolled back: nothing to resume`);
  const generation = desired.generation + 1;
  const { origin: _origin, ...instead } = pinned.instead;
  return moved(
    { ...unpinned, desired },
    { ...instead, generation, reason: 'resumed after a rollback', plannedAt: now },
  );
};

const moved = (row: ApplicationRow, desired: Desired): ApplicationRow => {
  const { awaiting: _awaiting, told: _told, waiting: _waiting, displaced: _displaced, ...rest } = row;
  const now = desired.plannedAt;
  const displaced = displacedBy(row, desired, `superseded: ${desired.reason}`);
  return { ...rest, ...displaced, desired, times: { planned: now }, due: now + RESEND_SYNC_AFTER_MS };
};
