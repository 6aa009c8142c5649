import { isAborted } from '../../domain/abort.ts';
import type { ApplicationRow, Desired } from '../../domain/application-row.ts';
import { clusterNamed } from '../../domain/fleet/find-cluster.ts';
import { isObserved } from '../../domain/fleet/observe-mode.ts';
import { type FleetRow, settingsOf } from '../../domain/fleet-row.ts';
import { healthOverrides } from '../../domain/health/overrides.ts';
import { decideStart } from '../../domain/sync/decide-start.ts';
import { NOT_PERMITTED, refusedObjects } from '../../domain/sync/rendered-rules.ts';
import { terminate } from '../../domain/sync/start-operation.ts';
import { loadFleet } from '../load-fleet.ts';
import { awaitWindow } from './await-window.ts';
import type { SyncDeps } from './deps.ts';
import { dryRun } from './dry-run.ts';
import { earlierOperation, finishEarlier } from './finish-earlier.ts';
import { loadManifests, type Manifests } from './load-manifests.ts';
import type { Advance, Look } from './look.ts';
import { lookAtRest, withComparison } from './look-at-rest.ts';
import { moveAlong } from './move-along.ts';
import { noteAlerts } from './note-alerts.ts';
import { removeApplication } from './remove-application.ts';
import { runOperation } from './run-operation.ts';

/** One look at an application: what it lacks next, and doing that. Overdue: what it waited for did not come in its time. */
export const advance = async (
  world: SyncDeps,
  row: ApplicationRow,
  owner: string,
  isOverdue: boolean,
): Promise<Advance> => {
  const earlier = earlierOperation(row);
  // Manifests and fleet are read at once: most looks need both.
  const isWanted = !row.removed && (earlier ? row.desired && !row.desired.error : isToSync(row));
  const loading = isWanted ? loadManifests(world, row, !earlier && isOverdue) : undefined;
  const [fleet, manifests] = await Promise.all([loadFleet(world), loading]);
  const deps = { ...world, healthOverrides: healthOverrides(settingsOf(fleet), world.runHealthScript) };
  const look = lookFrom(fleet, row, owner);
  const result = await step(deps, { row, look, earlier, manifests });
  return noteAlerts(deps, row, projectOf(fleet, row), result);
};

interface Step {
  row: ApplicationRow;
  look: Look | undefined;
  earlier: ReturnType<typeof earlierOperation>;
  manifests: Loaded | undefined;
}

const step = async (deps: SyncDeps, { row, look, earlier, manifests }: Step): Promise<Advance> => {
  if (row.removed) return removeApplication(deps, row, look);
  if (row.dryRun && row.dryRun.at === undefined && look) return dryRun(deps, look, row.dryRun);
  const refusal = look && manifests && 'objects' in manifests ? refusalOf(look, manifests) : undefined;
  if (refusal) return { ...refusal, ...(earlier ? { waitSeconds: 0 } : {}) };
  if (earlier && look) {
    const finished = await finishEarlier(deps, look, { earlier, newer: manifests });
    if (finished) return finished;
  }
  if (!row.desired || row.desired.error) return { change: {}, clear: ['awaiting'] };
  if (!look) return refused(row.desired, clusterUnknown(row.spec.cluster));
  if (look.settings.impersonation && isToSync(row) && !look.observe) return refused(row.desired, IMPERSONATION);
  return onwards(deps, look, isToSync(row) ? manifests : undefined);
};

/** What the project refuses of what was rendered is told before a cluster is asked for anything: it may be down. */
const refusalOf = ({ row, project, cluster }: Look, { objects }: Manifests): Advance | undefined => {
  const [first] = project ? refusedObjects({ project, application: row.spec, cluster }, objects) : [];
  // What has begun is ended as the engine does it.
  if (!first || !row.desired || isBegun(row)) return undefined;
  return refused(row.desired, { code: NOT_PERMITTED, message: first.message });
};

type Loaded = Awaited<ReturnType<typeof loadManifests>>;

/** What follows for the desired generation, with no operation on an earlier one in the way. */
const onwards = async (deps: SyncDeps, look: Look, manifests: Loaded | undefined): Promise<Advance> => {
  const { row } = look;
  const stopped = isAborted(row) ? stop(row) : undefined;
  if (stopped === 'not begun') return { change: {}, clear: ['awaiting', 'waiting'] };
  if (isAtRest(row)) return lookAtRest(deps, look);
  if (!manifests) return withComparison(deps, look, { change: {} });
  if ('advance' in manifests) return manifests.advance;
  if (stopped) return runOperation(deps, { ...look, ...withDigest(manifests), row: stopped, options: {} });
  const moved = await moveAlong(deps, look, manifests.digest);
  if (moved) return moved;
  const options = optionsFor(deps, row);
  if (typeof options === 'string') return withComparison(deps, look, waitForPerson(deps, row, options));
  const held = look.observe ? undefined : awaitWindow(deps, look);
  if (held) return held;
  const advanced = await runOperation(deps, { ...look, ...withDigest(manifests), options });
  return look.observe ? withComparison(deps, look, advanced) : advanced;
};

const withDigest = ({ objects, digest }: Manifests) => ({ objects, manifests: digest });

const isHealing = ({ healing, desired }: ApplicationRow): boolean => healing?.generation === desired?.generation;

const isAtRest = (row: ApplicationRow): boolean =>
  row.applied?.generation === row.desired?.generation && !isHealing(row);

/** Whether the desired generation needs an operation: it is not applied, and none has failed on it. */
const isToSync = (row: ApplicationRow): boolean => {
  const { desired, operation } = row;
  if (!desired || desired.error || isAtRest(row)) return false;
  if (isAborted(row) && stop(row) === 'not begun') return false;
  const isOver = operation?.generation === desired.generation && ['Failed', 'Error'].includes(operation.phase);
  return isHealing(row) || !isOver;
};

/** What an operation is begun with, or goes on with; a text: what a person has to do first. */
const optionsFor = (deps: SyncDeps, row: ApplicationRow) => {
  if (isBegun(row)) return {};
  const decision = decideStart(row, deps.clock());
  return decision.action === 'start' ? decision.options : decision.reason;
};

const projectOf = ({ projects }: FleetRow, { spec }: ApplicationRow) =>
  projects.find(({ name }) => name === spec.project);

const lookFrom = (fleet: FleetRow, row: ApplicationRow, owner: string): Look | undefined => {
  const { file } = fleet;
  const cluster = clusterNamed(file.clusters, row.spec.cluster);
  if (!cluster) return undefined;
  // Towline's registry is no cluster: what is delivered there becomes part of a fleet that is only looked at, too.
  const observe = isObserved(cluster.access.type === 'control-plane' ? {} : file, cluster, row.spec);
  return {
    row,
    owner,
    // Whoever says so, the connection is told: it sends no write then.
    cluster: observe ? { ...cluster, mode: 'observe' } : cluster,
    project: projectOf(fleet, row),
    settings: settingsOf(fleet),
    adopt: file.adopt === true,
    observe,
  };
};

/** Whether there is an operation on the desired generation that has not come to its end. */
const isBegun = ({ operation, desired }: ApplicationRow): boolean =>
  operation !== undefined && operation.generation === desired?.generation && operation.stage !== 'ended';

/** What was begun is terminated as the engine does it; what was not stays as it is. */
const stop = (row: ApplicationRow): ApplicationRow | 'not begun' => {
  const { operation } = row;
  return operation && isBegun(row) ? { ...row, operation: terminate(operation) } : 'not begun';
};

const refused = (desired: Desired, error: NonNullable<Desired['error']>): Advance => ({
  change: { desired: { ...desired, error } },
  clear: ['awaiting'],
});

const clusterUnknown = (cluster: string) => ({
  code: 'cluster-unknown',
  message: `the fleet has no cluster "${cluster}" any more`,
});

/** Whoever asks for a service account's rights must not get Towline's own instead. */
const IMPERSONATION = {
  code: 'impersonation-unsupported',
  message:
    'argocd-cm: application.sync.impersonation.enabled is "true", which Towline cannot do: nothing is applied with its ' +
    'own rights instead; turn it off, then sync',
};

/** Without automated sync a person starts the operation; until then the application is out of sync. */
const waitForPerson = (deps: SyncDeps, row: ApplicationRow, waiting: string): Advance => ({
  change: { waiting, sync: 'OutOfSync', times: { ...row.times, rendered: row.times.rendered ?? deps.clock() } },
  clear: ['awaiting'],
});
