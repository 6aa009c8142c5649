import { isAborted } from './abort.ts';
import type { ApplicationRow, Desired } from './application-row.ts';
import { RESEND_SYNC_AFTER_MS } from './apply-plan.ts';
import { rejected } from './errors.ts';
import type { OperationOptions } from './sync/sync-operation.ts';

/** How a person wants a sync: what is absent is as the Application says. */
export type SyncRequest = Partial<Pick<OperationOptions, 'prune' | 'force' | 'dryRun' | 'strategy' | 'resources'>>;

/** What has to happen for a sync that a person asked for: a look at the row, or a new plan of its sources first. */
export interface RequestedSync {
  row: ApplicationRow;
  next: 'sync' | 'plan';
}

/**
 * The row after a person asked for a sync. What has not begun or is under way goes on, with its time counted anew. What
 * has ended, has failed or waits for a person is the same manifests under the next generation, so that a worker which is
 * at it sees that it is late. What could not be planned or rendered is planned again.
 * With `resources` only these objects are synced, at the generation as it is, and with `dryRun` nothing is.
 * Errors: AppError `application-removed`, `application-unplanned`, `operation-running` (rejected).
 */
export const requestSync = (row: ApplicationRow, now: number, options: SyncRequest = {}): RequestedSync => {
  const { told: _told, syncOptions: _options, ...untold } = row;
  const desired = row.desired && withoutOrigin(row.desired);
  if (row.removed) throw rejected('application-removed', `${row.id} is gone from Git: it is not synced any more`);
  if (!desired) throw rejected('application-unplanned', `${row.id} has not been planned yet: nothing to sync`);
  const due = now + RESEND_SYNC_AFTER_MS;
  const inPart = options.dryRun || options.resources ? partOf(row, desired, options, now) : undefined;
  if (inPart) return { row: inPart, next: 'sync' };
  if (desired.error && !row.pinned) {
    return { row: { ...untold, desired, syncRequested: desired.generation + 1, due }, next: 'plan' };
  }
  const asked = Object.keys(options).length > 0 ? { syncOptions: options } : {};
  if (isUnderWay(row)) {
    if (row.operation?.generation === desired.generation && asked.syncOptions) throw running(row.id);
    const requested = { desired: { ...desired, plannedAt: now }, syncRequested: desired.generation, due };
    return { row: { ...untold, ...requested, ...asked }, next: 'sync' };
  }
  const { error: _error, ...manifests } = desired;
  const { waiting: _waiting, ...rest } = untold;
  const generation = desired.generation + 1;
  return {
    row: {
      ...rest,
      desired: { ...manifests, generation, plannedAt: now },
      syncRequested: generation,
      ...asked,
      times: { planned: now },
      due,
    },
    next: 'sync',
  };
};

/** What a person asks for is no push's doing any more. */
const withoutOrigin = ({ origin: _origin, ...desired }: Desired): Desired => desired;

const running = (id: string) =>
  rejected('operation-running', `a sync of ${id} is under way: let it end, or terminate it first`);

/** A sync of some objects, or of none, is no new generation. */
const partOf = (row: ApplicationRow, desired: Desired, options: SyncRequest, now: number): ApplicationRow => {
  if (desired.error) throw rejected('application-unplanned', `${row.id} has nothing to sync: ${desired.error.message}`);
  const due = now + RESEND_SYNC_AFTER_MS;
  if (options.dryRun) return { ...row, dryRun: { requested: now, options }, due };
  if (row.operation && row.operation.stage !== 'ended') throw running(row.id);
  return { ...row, healing: { generation: desired.generation, heals: 0, options }, due };
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
