import type { ApplicationRow } from '../../domain/application-row.ts';
import { outcomeOf } from '../../domain/outcome-of.ts';
import { updateKnownRow } from '../update-row.ts';
import type { SyncDeps } from './deps.ts';

/** True where the row's outcome is what was last told (or there is none). */
export const isTold = ({ told, ...row }: ApplicationRow, now: number): boolean => {
  const outcome = outcomeOf(row, now);
  if (!outcome || !row.desired) return true;
  return told?.rollout === row.desired.rollout && told.phase === outcome.phase && told.message === outcome.message;
};

/** Records where the application stands in its rollout, if that was not told yet, and asks for a report. */
export const tellOutcome = async (
  deps: SyncDeps,
  row: ApplicationRow,
  { atRest }: { atRest: boolean },
): Promise<void> => {
  const now = deps.clock();
  const outcome = outcomeOf(row, now);
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
    const { due, ...rest } = known ?? row;
    return { ...rest, told, ...(atRest || due === undefined ? {} : { due }) };
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
    ...(row.times.applied === undefined ? {} : { appliedAt: row.times.applied }),
    ...outcome,
  });
};
