import type { ApplicationRow } from '../../domain/application-row.ts';
import { nextComparison } from '../../domain/comparison.ts';
import { outcomeOf } from '../../domain/outcome-of.ts';
import { isTerminal, type Outcome } from '../../domain/rollout.ts';
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

/** What telling an outcome needs of the world. */
export type TellDeps = Pick<SyncDeps, 'applications' | 'outcomes' | 'events' | 'clock' | 'compareSeconds'> & {
  queues: Pick<SyncDeps['queues'], 'reports'>;
};

type Said = Pick<Outcome, 'rollout' | 'phase' | 'message' | 'times'>;

const record = (deps: TellDeps, { id, spec, version }: ApplicationRow, said: Said): Promise<void> =>
  deps.outcomes.record({
    application: id,
    environment: spec.environment,
    cluster: spec.cluster,
    ...said,
    sequence: version,
  });

/** Tells the rollouts that lost their say over the application that it is not theirs any more. */
export const tellDisplaced = async (deps: SyncDeps, row: ApplicationRow): Promise<void> => {
  const { displaced = [] } = row;
  const times = { superseded: deps.clock() };
  await Promise.all(displaced.map((one) => record(deps, row, { ...one, phase: 'superseded', times })));
  if (displaced.length > 0) await deps.queues.reports(displaced.map(({ rollout }) => ({ version: 1, rollout })));
};

/**
 * Records where the application stands in its rollout, if that was not told yet, and asks for a report. Answers with the
 * row as it is then; undefined where nothing was told or a newer plan came.
 */
export const tellOutcome = async (
  deps: TellDeps,
  row: ApplicationRow,
  { atRest }: { atRest: boolean },
): Promise<ApplicationRow | undefined> => {
  const now = deps.clock();
  const outcome = standingOf(row, now);
  const rollout = row.desired?.rollout;
  if (!outcome || rollout === undefined || isTold(row, now)) return undefined;
  const told = { rollout, ...outcome };
  const { environment, cluster } = row.spec;
  const times = { ...row.times, [outcome.phase]: row.times[outcome.phase as 'applied'] ?? now };
  await record(deps, row, { ...told, times });
  await deps.queues.reports([{ version: 1, rollout }]);
  const saved = await updateKnownRow(deps.applications, row, (known) => {
    if (known?.desired?.generation !== row.desired?.generation) return undefined;
    const { due: outstanding, ...rest } = known ?? row;
    // Who took the row or asked something of it meanwhile has set a due date of his own.
    const due = atRest && known?.version === row.version ? nextComparison(rest, compareSecondsOf(deps)) : outstanding;
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
  return saved;
};

/** When what is desired was planned, and when the cluster had taken all of it. */
const timesOf = ({ times, desired }: ApplicationRow): { appliedAt?: number; plannedAt?: number } => ({
  ...(times.applied === undefined ? {} : { appliedAt: times.applied }),
  ...(desired ? { plannedAt: desired.plannedAt } : {}),
});
