import { isAborted } from './abort.ts';
import type { ApplicationRow } from './application-row.ts';
import { RESEND_SYNC_AFTER_MS } from './apply-plan.ts';
import { rejected } from './errors.ts';

/** What has to happen for a sync that a person asked for: a look at the row, or a new plan of its sources first. */
export interface RequestedSync {
  row: ApplicationRow;
  next: 'sync' | 'plan';
}

/**
 * The row after a person asked for a sync. What has not begun or is under way goes on, with its time counted anew. What
 * has ended, has failed or waits for a person is the same manifests under the next generation, so that a worker which is
 * at it sees that it is late. What could not be planned or rendered is planned again.
 * Errors: AppError `application-removed`, `application-unplanned` (rejected).
 */
export const requestSync = (row: ApplicationRow, now: number): RequestedSync => {
  const { desired, told: _told, ...untold } = row;
  if (row.removed) throw rejected('application-removed', `${row.id} is gone from Git: it is not synced any more`);
  if (!desired) throw rejected('application-unplanned', `${row.id} has not been planned yet: nothing to sync`);
  const due = now + RESEND_SYNC_AFTER_MS;
  if (desired.error && !row.pinned) {
    return { row: { ...untold, desired, syncRequested: desired.generation + 1, due }, next: 'plan' };
  }
  if (isUnderWay(row)) {
    const requested = { desired: { ...desired, plannedAt: now }, syncRequested: desired.generation, due };
    return { row: { ...untold, ...requested }, next: 'sync' };
  }
  const { error: _error, ...manifests } = desired;
  const { waiting: _waiting, ...rest } = untold;
  const generation = desired.generation + 1;
  return {
    row: {
      ...rest,
      desired: { ...manifests, generation, plannedAt: now },
      syncRequested: generation,
      times: { planned: now },
      due,
    },
    next: 'sync',
  };
};

/** The desired generation has an operation that runs, or one is to come by itself. */
const isUnderWay = (row: ApplicationRow): boolean => {
  const { desired, operation, applied, waiting } = row;
  if (isAborted(row) || desired?.error || applied?.generation === desired?.generation) return false;
  // Between two attempts it has failed: a person's request does not wait for the next one.
  if (operation?.generation === desired?.generation)
    return operation?.stage !== 'ended' && operation?.waiting !== 'retry';
  return waiting === undefined;
};

/** True where a sync was asked for that needs a new plan, and that plan has not come yet. */
export const awaitsPlan = ({ desired, syncRequested }: ApplicationRow): boolean =>
  desired !== undefined && syncRequested !== undefined && syncRequested > desired.generation;
