import { isAborted } from './abort.ts';
import type { ApplicationRow } from './application-row.ts';
import { type Outcome, PROGRESS_DEADLINE_MS } from './rollout.ts';
import { NOT_PERMITTED } from './sync/rendered-rules.ts';
import type { Operation } from './sync/sync-operation.ts';

/** Where an application stands in the rollout that planned it last, read off its row alone. */
export const outcomeOf = (
  row: ApplicationRow,
  now: number,
): Pick<Outcome, 'phase' | 'message' | 'stage'> | undefined => {
  const { desired, applied, operation, health } = row;
  if (!desired) return undefined;
  if (row.removed && row.removalWaits === undefined) return { phase: 'superseded', message: 'gone from Git' };
  // What its project refuses was rendered all the same.
  const unrendered = desired.error?.code === NOT_PERMITTED ? {} : { stage: 'render' as const };
  if (desired.error) return { phase: 'failed', message: desired.error.message, ...unrendered };
  const isApplied = applied?.generation === desired.generation;
  if (row.waiting && !isApplied) return { phase: 'waiting', message: row.waiting };
  if (isAborted(row)) return { phase: 'failed', message: 'aborted by a person' };
  const isCurrent = operation?.generation === desired.generation;
  if (isCurrent && (operation.phase === 'Failed' || operation.phase === 'Error'))
    return { phase: 'failed', message: failureOf(row, operation) };
  if (isCurrent && operation.stage !== 'ended' && operation.firstFailure && !row.spec.syncPolicy.retry)
    return { phase: 'failed', message: operation.firstFailure };
  const late = now - desired.plannedAt > PROGRESS_DEADLINE_MS;
  if (!isApplied) {
    const message = operation?.message;
    const stage = row.times.rendered === undefined ? { stage: 'render' as const } : {};
    if (late)
      return { phase: 'failed', message: `not applied within 10 minutes${message ? `: ${message}` : ''}`, ...stage };
    return { phase: row.times.rendered === undefined ? 'planned' : 'rendered', ...(message ? { message } : {}) };
  }
  switch (health.status) {
    case 'Healthy':
      // Applied all the same: something of it is left to a person.
      return row.waiting ? { phase: 'waiting', message: row.waiting } : { phase: 'healthy' };
    case 'Suspended':
      return { phase: 'waiting', message: `suspended: ${health.message}` };
    case 'Degraded':
      return { phase: 'failed', message: `Degraded: ${health.message}`, stage: 'health' };
    case 'Progressing':
    case 'Missing':
    case 'Unknown':
      return late
        ? { phase: 'failed', message: `still ${health.status} after 10 minutes: ${health.message}`, stage: 'health' }
        : { phase: 'applied', message: `${health.status} ${health.message}`.trim() };
  }
};

/**
 * Automated sync tries again by itself, as in Argo CD: the failure is told at once all the same, and once. Where the
 * Application asks for retries, they are progress, and the last attempt's failure is what counts.
 */
const failureOf = ({ spec }: ApplicationRow, { firstFailure, message }: Operation): string =>
  (spec.syncPolicy.retry ? undefined : firstFailure) ?? message;
