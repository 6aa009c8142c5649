import type { ApplicationRow } from '../../domain/application-row.ts';
import { outcomeOf } from '../../domain/outcome-of.ts';
import { updateKnownRow } from '../update-row.ts';
import type { SyncDeps } from './deps.ts';

/** Records where the application stands in its rollout, if that was not told yet, and asks for a report. */
export const tellOutcome = async (deps: SyncDeps, row: ApplicationRow): Promise<void> => {
  const now = deps.clock();
  const outcome = outcomeOf(row, now);
  const rollout = row.desired?.rollout;
  if (!outcome || rollout === undefined) return;
  const told = { rollout, ...outcome };
  if (row.told && JSON.stringify(row.told) === JSON.stringify(told)) return;
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
  await updateKnownRow(deps.applications, row, (known) =>
    known?.desired?.rollout === rollout ? { ...known, told } : undefined,
  );
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
