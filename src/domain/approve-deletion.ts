import type { ApplicationRow } from './application-row.ts';
import { RESEND_SYNC_AFTER_MS } from './apply-plan.ts';
import { rejected } from './errors.ts';

/**
 * The row after a person allowed what waits for their word: the deletion of an application that is gone from Git, objects
 * that say `Prune=confirm`, or a prune that was too large to be made unasked, which is started with these objects alone.
 * Errors: AppError `nothing-to-approve` (rejected).
 */
export const approveDeletion = (row: ApplicationRow, now: number): ApplicationRow => {
  const { operation, desired, resources } = row;
  const due = now + RESEND_SYNC_AFTER_MS;
  if (row.removed && desired)
    return { ...row, approved: { generation: desired.generation + 1, prune: true, delete: true }, due };
  if (operation?.waiting === 'approval' && operation.stage !== 'ended')
    return { ...row, approved: { generation: operation.generation, prune: true }, due };
  const left = resources.filter(({ prune }) => prune);
  if (!desired || left.length === 0 || row.applied?.generation !== desired.generation)
    throw rejected('nothing-to-approve', `nothing of ${row.id} waits to be pruned or deleted`);
  const { generation } = desired;
  const selected = left.map(({ group, kind, namespace, name }) => ({
    group,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  }));
  const options = { prune: true, resources: selected };
  return { ...row, approved: { generation, prune: true }, healing: { generation, heals: 0, options }, due };
};
