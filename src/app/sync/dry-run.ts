import type { DryRun } from '../../domain/application-row.ts';
import { resourceResults } from '../../domain/sync/resource-results.ts';
import { startOperation } from '../../domain/sync/start-operation.ts';
import type { SyncDeps } from './deps.ts';
import { loadManifests } from './load-manifests.ts';
import type { Advance, Look } from './look.ts';
import { prepareRun } from './prepare-run.ts';
import { runSteps } from './run-steps.ts';

/** The objects that a dry run's answer names. */
const NAMED = 100;

/** Has the cluster judge a sync of the desired generation as it was asked for, and writes nothing there. */
export const dryRun = async (deps: SyncDeps, look: Look, asked: DryRun): Promise<Advance> => {
  const { row } = look;
  const manifests = await loadManifests(deps, row);
  if ('advance' in manifests) return manifests.advance;
  const prepared = await prepareRun(deps, look, manifests.objects);
  const operation = startOperation({
    id: deps.newId(),
    generation: row.desired?.generation ?? 0,
    now: deps.clock(),
    revisions: row.desired?.revisions.map(({ commit }) => commit) ?? [],
    ...prepared,
    options: { adopt: look.adopt, ...asked.options, dryRun: true },
  });
  const ran = await runSteps(deps, look, prepared, operation);
  const ended = 'ended' in ran ? ran.ended.operation : ran.advance.change.operation;
  if (!ended) return { change: {} };
  const failed = resourceResults(ended, prepared.targets).filter(({ status }) => status === 'SyncFailed');
  const answer: DryRun = {
    ...asked,
    at: deps.clock(),
    phase: 'ended' in ran ? ended.phase : 'Error',
    message: ended.message,
    failed: failed.slice(0, NAMED).map(({ ref, message }) => ({ ...ref, message })),
  };
  // What was to be done before is to be done now.
  return { change: { dryRun: answer }, waitSeconds: 0 };
};
