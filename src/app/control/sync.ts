import type { ApplicationRow } from '../../domain/application-row.ts';
import { rejected } from '../../domain/errors.ts';
import { type RequestedSync, requestSync, type SyncRequest } from '../../domain/request-sync.ts';
import { changeApplication } from './change-application.ts';
import type { ControlDeps } from './deps.ts';

/** An application's generation that is asked for. */
export interface Asked {
  application: string;
  generation: number;
}

/**
 * Asks for a sync of an application's desired generation, whether automated sync is on or not; one that ended is started
 * again, one that could not be planned or rendered is planned again. Answers with the generation that will be synced.
 * Errors: AppError `application-unknown`, `application-removed`, `application-unplanned`, `operation-running` (rejected).
 */
export const syncNow =
  (deps: ControlDeps) =>
  async (id: string, options: SyncRequest = {}): Promise<Asked> => {
    let next: RequestedSync['next'] = 'sync';
    const saved = await changeApplication(deps, id, (row) => {
      const requested = requestSync(row, deps.clock(), options);
      next = requested.next;
      if (next === 'plan') planHint(row);
      return requested.row;
    });
    await send(deps, saved, next);
    return { application: id, generation: saved.syncRequested ?? saved.desired?.generation ?? 0 };
  };

/** Sends what a requested sync needs next: a message to the sync side, or a hint that has the application planned again. */
export const send = async (deps: ControlDeps, row: ApplicationRow, next: RequestedSync['next']): Promise<void> => {
  if (next === 'sync') return deps.queues.syncs([{ version: 1, application: row.id, hops: 0 }]);
  await deps.queues.changes([{ version: 1, ...planHint(row), cause: 'retry', applications: [row.id] }]);
};

/** The ref whose plan makes the application's sources anew. Errors: AppError `source-unread` (rejected). */
const planHint = ({ id, desired }: ApplicationRow): { repository: string; ref: string } => {
  const [read] = desired?.revisions ?? [];
  if (read) return { repository: read.repository, ref: read.ref };
  const reason = desired?.error?.message ?? 'none of its sources could be read';
  throw rejected('source-unread', `${id} cannot be planned again: ${reason}; a push plans it anew`);
};
