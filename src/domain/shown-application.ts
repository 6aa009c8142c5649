import type { ApplicationRow } from './application-row.ts';
import { outcomeOf } from './outcome-of.ts';
import { NOT_PERMITTED } from './sync/rendered-rules.ts';

/**
 * The row as people should see it: where what Git says now cannot be made or is not permitted, what was compared before
 * says nothing of it (Argo CD: ComparisonError, so Unknown).
 */
export const asShown = (row: ApplicationRow): ApplicationRow => {
  const code = row.desired?.error?.code ?? (row.refGone && REF_GONE);
  if (code === undefined || row.sync !== 'Synced') return row;
  return { ...row, sync: code === NOT_PERMITTED ? 'OutOfSync' : 'Unknown' };
};

const REF_GONE = 'ref-gone';

/** Why what Git says is not there or not healthy; undefined where nothing has failed (yet). */
export const failureOf = (row: ApplicationRow): string | undefined => {
  if (row.refGone) return row.refGone.message;
  const outcome = outcomeOf(row, row.desired?.plannedAt ?? 0);
  return outcome?.phase === 'failed' ? (outcome.message ?? '') : undefined;
};
