import type { ApplicationRow } from '../../domain/application-row.ts';
import { outcomeOf } from '../../domain/outcome-of.ts';
import { isTerminal, type Outcome } from '../../domain/rollout.ts';
import type { SyncDeps } from './deps.ts';

type Told = NonNullable<ApplicationRow['told']>;

/** What became of a rollout's change is told once: what breaks after it was healthy is drift, not the commit's failure. */
const standingOf = (row: ApplicationRow, now: number): ReturnType<typeof outcomeOf> => {
  const { told, desired, applied } = row;
  const wasHealthy = told?.phase === 'healthy' && told.rollout === desired?.rollout;
  if (wasHealthy && applied?.generation === desired?.generation) return { phase: 'healthy' };
  return outcomeOf(row, now);
};

/** What is to be told of the row's rollout (`now` in ms); undefined: nothing, or it was told already. */
export const untold = (row: ApplicationRow, now: number): Told | undefined => {
  const { told, desired } = row;
  const outcome = standingOf(row, now);
  if (!outcome || !desired) return undefined;
  const isTold = told?.rollout === desired.rollout && told.phase === outcome.phase && told.message === outcome.message;
  return isTold ? undefined : { rollout: desired.rollout, ...outcome };
};

/** True where nothing more is to come of the row's rollout; until then the row is never at rest. */
export const hasEnded = (row: ApplicationRow, now: number): boolean => {
  const outcome = outcomeOf(row, now);
  return outcome === undefined || isTerminal(outcome.phase);
};

/** What telling an outcome needs of the world. */
export type TellDeps = Pick<SyncDeps, 'outcomes' | 'events' | 'clock'> & {
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
 * Records where the application stands in its rollout and asks for a report; announces it to whoever follows the local stack.
 * The outcome's sequence is the row's version: where the row is told of before it is written, whatever somebody else writes
 * or tells meanwhile is newer. Errors: those of `Outcomes` and `Queues`.
 */
export const tellOutcome = async (deps: TellDeps, row: ApplicationRow, told: Told): Promise<void> => {
  const { rollout, ...outcome } = told;
  const times = { ...row.times, [told.phase]: row.times[told.phase as 'applied'] ?? deps.clock() };
  await record(deps, row, { ...told, times });
  await deps.queues.reports([{ version: 1, rollout }]);
  deps.events.emit({
    event: 'application',
    at: deps.clock(),
    rollout,
    application: row.id,
    environment: row.spec.environment,
    cluster: row.spec.cluster,
    health: row.health.status,
    sync: row.sync,
    ...timesOf(row),
    ...outcome,
  });
};

/** When what is desired was pushed and planned, and when the cluster had taken all of it. */
const timesOf = ({ times, desired }: ApplicationRow): { appliedAt?: number; plannedAt?: number; seenAt?: number } => ({
  ...(times.applied === undefined ? {} : { appliedAt: times.applied }),
  ...(desired ? { plannedAt: desired.plannedAt } : {}),
  ...(desired?.origin?.seenAt === undefined ? {} : { seenAt: desired.origin.seenAt }),
});
