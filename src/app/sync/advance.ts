import { isAborted } from '../../domain/abort.ts';
import type { ApplicationRow } from '../../domain/application-row.ts';
import { isObserved } from '../../domain/fleet/observe-mode.ts';
import { settingsOf } from '../../domain/fleet-row.ts';
import { healthOverrides } from '../../domain/health/overrides.ts';
import { terminate } from '../../domain/sync/start-operation.ts';
import { loadFleet } from '../load-fleet.ts';
import type { SyncDeps } from './deps.ts';
import { loadManifests } from './load-manifests.ts';
import { lookAtRest } from './look-at-rest.ts';
import { removeApplication } from './remove-application.ts';
import { runOperation } from './run-operation.ts';
import type { Advance } from './sync-application.ts';

/** One look at an application: what it lacks next, and doing that. */
export const advance = async (world: SyncDeps, row: ApplicationRow, owner: string): Promise<Advance> => {
  const { desired, spec } = row;
  if (row.removed) return removeApplication(world, row);
  if (!desired || desired.error) return { change: {}, clear: ['awaiting'] };
  const stopped = isAborted(row) ? stop(row) : undefined;
  if (stopped === 'not begun') return { change: {}, clear: ['awaiting', 'waiting'] };
  const isHealing = row.healing?.generation === desired.generation;
  const isApplied = row.applied?.generation === desired.generation && !isHealing;
  const isOver =
    !isHealing &&
    row.operation?.generation === desired.generation &&
    (row.operation.phase === 'Failed' || row.operation.phase === 'Error');
  const [fleet, manifests] = await Promise.all([
    loadFleet(world),
    isApplied || isOver ? undefined : loadManifests(world, row),
  ]);
  const settings = settingsOf(fleet);
  const deps = { ...world, healthOverrides: healthOverrides(settings, world.runHealthScript) };
  const cluster = fleet.file.clusters.find(({ name }) => name === spec.cluster);
  if (!cluster) return { change: { desired: { ...desired, error: noCluster(spec.cluster) } }, clear: ['awaiting'] };
  const project = fleet.projects.find(({ name }) => name === spec.project);
  const { adopt = false } = fleet.file;
  const shared = { cluster, project, settings, adopt, observe: isObserved(fleet.file, cluster, spec) };
  if (isApplied) return lookAtRest(deps, { row, ...shared });
  if (!manifests) return { change: {} };
  if ('advance' in manifests) return manifests.advance;
  const isAsked = stopped !== undefined || isHealing || row.syncRequested === desired.generation;
  if (!isAsked && !spec.syncPolicy.automated?.enabled) return waitForPerson(deps, row);
  return runOperation(deps, { row: stopped ?? row, owner, ...shared, objects: manifests.objects });
};

/** What was begun is terminated as the engine does it; what was not stays as it is. */
const stop = (row: ApplicationRow): ApplicationRow | 'not begun' => {
  const { operation, desired } = row;
  const isBegun = operation?.generation === desired?.generation && operation?.stage !== 'ended';
  return operation && isBegun ? { ...row, operation: terminate(operation) } : 'not begun';
};

const noCluster = (name: string) => ({
  code: 'cluster-unknown',
  message: `the fleet has no cluster "${name}" any more`,
});

/** Without automated sync a person starts the operation; until then the application is out of sync. */
const waitForPerson = (deps: SyncDeps, row: ApplicationRow): Advance => ({
  change: {
    waiting: 'manual sync: automated sync is off',
    sync: 'OutOfSync',
    times: { ...row.times, rendered: row.times.rendered ?? deps.clock() },
  },
  clear: ['awaiting'],
});
