import type { ApplicationRow } from '../../domain/application-row.ts';
import { type AppError, rejected } from '../../domain/errors.ts';
import { type RequestedSync, requestSync } from '../../domain/request-sync.ts';
import { type Outcome, PROGRESS_DEADLINE_MS, type Rollout } from '../../domain/rollout.ts';
import { eachOf } from '../each-of.ts';
import { updateRow } from '../update-row.ts';
import type { ControlDeps } from './deps.ts';
import { send } from './sync.ts';

/** The applications that a retry started again. */
export interface Retried {
  rollout: string;
  attempt: number;
  applications: string[];
}

const STARTS_IN_FLIGHT = 16;

/**
 * Starts the failed applications of a rollout again, as far as they still belong to it, as its next attempt; all its
 * contexts are told anew. Errors: AppError `rollout-unknown`, `nothing-to-retry` (rejected).
 */
export const retryRollout =
  (deps: ControlDeps) =>
  async (id: string): Promise<Retried> => {
    if (!(await deps.rollouts.get(id))) throw unknownRollout(id);
    const failed = (await deps.outcomes.list(id)).filter(({ phase }) => phase === 'failed');
    const started: Started[] = [];
    await eachOf(failed, STARTS_IN_FLIGHT, async (outcome) => {
      const one = await startAgain(deps, outcome);
      if (one) started.push(one);
    });
    if (started.length === 0) throw nothingToRetry(id, failed.length);
    const rollout = await updateRow(deps.rollouts, id, (known) => known && nextAttempt(known, deps.clock()));
    await deps.queues.reports([{ version: 1, rollout: id }]);
    await eachOf(started, STARTS_IN_FLIGHT, ({ row, next }) => send(deps, row, next));
    return { rollout: id, attempt: rollout?.attempt ?? 1, applications: started.map(({ row }) => row.id).toSorted() };
  };

const unknownRollout = (id: string): AppError => rejected('rollout-unknown', `there is no rollout ${id}`);

const nothingToRetry = (id: string, failed: number): AppError =>
  rejected(
    'nothing-to-retry',
    failed === 0
      ? `no application failed in rollout ${id}`
      : `the ${failed} applications that failed in rollout ${id} belong to a newer one, or only a push can mend them`,
  );

const nextAttempt = ({ finishedAt: _finishedAt, ...rollout }: Rollout, now: number): Rollout => ({
  ...rollout,
  attempt: rollout.attempt + 1,
  state: 'running',
  sent: {},
  due: now + PROGRESS_DEADLINE_MS,
});

type Started = RequestedSync;

/** The application under its next generation, its outcome taken back; undefined where the rollout has no say any more. */
const startAgain = async (deps: ControlDeps, failed: Outcome): Promise<Started | undefined> => {
  let next: RequestedSync['next'] = 'sync';
  const row = await updateRow(deps.applications, failed.application, (known) => {
    if (!known || !belongsTo(known, failed.rollout)) return undefined;
    const requested = requestSync(known, deps.clock());
    next = requested.next;
    return requested.row;
  });
  if (!row) return undefined;
  const { message: _message, ...rest } = failed;
  await deps.outcomes.record({
    ...rest,
    phase: 'planned',
    times: { planned: deps.clock() },
    sequence: row.version,
  });
  return { row, next };
};

/** Not removed, not planned by another rollout since, and with a source to plan again where that is needed. */
const belongsTo = ({ desired, removed }: ApplicationRow, rollout: string): boolean =>
  !removed && desired?.rollout === rollout && (desired.error === undefined || desired.revisions.length > 0);
