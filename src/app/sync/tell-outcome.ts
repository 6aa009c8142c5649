import type { ApplicationRow } from '../../domain/application-row.ts';
import { nextComparison } from '../../domain/comparison.ts';
import { outcomeOf } from '../../domain/outcome-of.ts';
import { isTerminal } from '../../domain/rollout.ts';
import { updateKnownRow } from '../update-row.ts';
import { compareSecondsOf, type SyncDeps } from './deps.ts';

/** What became of a rollout's change is told once: what breaks after it was healthy is drift, not the commit's failure. */
const standingOf = (row: ApplicationRow, now: number): ReturnType<typeof outcomeOf> => {
  const { told, desired, applied } = row;
  const wasHealthy = told?.phase === 'healthy' && told.rollout === desired?.rollout;
  if (wasHealthy && applied?.generation === desired?.generation) return { phase: 'healthy' };
  return outcomeOf(row, now);
};

/** True where the row's outcome is what was last told (or there is none). */
export const isTold = (row: ApplicationRow, now: number): boolean => {
  const { told } = row;
  const outcome = standingOf(row, now);
  if (!outcome || !row.desired) return true;
  return told?.rollout === row.desired.rollout && told.phase === outcome.phase && told.message === outcome.message;
};

/** True where nothing more is to come of the row's rollout; until then the row is never at rest. */
export const hasEnded = (row: ApplicationRow, now: number): boolean => {
  const outcome = outcomeOf(row, now);
  return outcome === undefined || isTerminal(outcome.phase);
};

/** Records where the application stands in its rollout, if that was not told yet, and asks for a report. */
export const tellOutcome = async (
  deps: SyncDeps,
  row: ApplicationRow,
  { atRest }: { atRest: boolean },
): Promise<void> => {
  const now = deps.clock();
  const outcome = standingOf(row, now);
  const rollout = row.desired?.rollout;
  if (!outcome || rollout === undefined || isTold(row, now)) return;
  const told = { rollout, ...outcome };
  const { environment, cluster } = row.spec;
  await deps.outcomes.record({
    rollout,
    application: row.id,
    environment,
    cluster,
    ...outcome,
    times: { ...row.times, [outcome.phase]: row.times[outcome.phase as 'applied'] ?? now },
    sequence: row.version,
  });
  await deps.queues.reports([{ version: 1, rollout }]);
  await updateKnownRow(deps.applications, row, (known) => {
    if (known?.desired?.generation !== row.desired?.generation) return undefined;
    const { due: outstanding, ...rest } = known ?? row;
    const due = atRest ? nextComparison(rest, compareSecondsOf(deps)) : outstanding;
    return { ...rest, told, ...(due === undefined ? {} : { due }) };
  });
  deps.events.emit({
    event: 'application',
    at: now,
    rollout,
    application: row.id,
    environment,
    cluster,
    health: row.health.status,
    sync: row.sync,
    ...timesOf(row),
    ...outcome,
  });
};

/** When what is desired was planned, and when the cluster had taken all of it. */
const timesOf = ({ times, desired }: ApplicationRow): { appliedAt?: number; plannedAt?: number } => ({
  ...(times.applied === undefined ? {} : { appliedAt: times.applied }),
  ...(desired ? { plannedAt: desired.plannedAt } : {}),
});
