import type { ApplicationRow } from './application-row.ts';
import { RESEND_SYNC_AFTER_MS } from './apply-plan.ts';
import { rejected } from './errors.ts';

/**
 * The row after a person terminated the operation that is under way: hooks that run are deleted, what is applied stays, and
 * it counts as failed. Errors: AppError `no-operation` (rejected).
 */
export const terminateSync = (row: ApplicationRow, now: number): ApplicationRow => {
  const { operation } = row;
  if (!operation || operation.stage === 'ended' || operation.kind === 'delete')
    throw rejected('no-operation', `no sync of ${row.id} is under way`);
  return { ...row, terminated: operation.id, due: now + RESEND_SYNC_AFTER_MS };
};
