import type { ApplicationRow } from '../../domain/application-row.ts';
import { AppError } from '../../domain/errors.ts';
import type { ClusterConfig } from '../../domain/fleet/fleet-file.ts';
import type { AppProject } from '../../domain/fleet/project.ts';
import { permitsObject } from '../../domain/fleet/project-rules.ts';
import { assessHealth } from '../../domain/health/health.ts';
import { type KubernetesObject, resourceKey } from '../../domain/kubernetes-object.ts';
import { holdsLease } from '../../domain/lease.ts';
import { foreignOwner } from '../../domain/sync/foreign-owner.ts';
import { withTargets } from '../../domain/sync/inventory.ts';
import { nextStep, type Step, startOperation } from '../../domain/sync/next-step.ts';
import type { ActionResult, Operation, Target } from '../../domain/sync/operation.ts';
import { prepareTargets, trackingId } from '../../domain/sync/prepare-targets.ts';
import type { ClusterConnection } from '../../ports/cluster.ts';
import { updateKnownRow } from '../update-row.ts';
import { applied } from './applied.ts';
import type { SyncDeps } from './deps.ts';
import { executeActions } from './execute-actions.ts';
import type { Advance } from './sync-application.ts';

export interface OperationInput {
  row: ApplicationRow;
  owner: string;
  cluster: ClusterConfig;
  project: AppProject | undefined;
  objects: readonly KubernetesObject[];
  adopt: boolean;
  observe: boolean;
}

interface Running extends OperationInput {
  connection: ClusterConnection;
  targets: Target[];
  operation: Operation;
  live: Map<string, KubernetesObject>;
}

/** Starts the operation on the desired generation, or takes it up where an earlier worker left it, and runs it on. */
export const runOperation = async (deps: SyncDeps, input: OperationInput): Promise<Advance> => {
  const { row, cluster, objects } = input;
  const connection = await deps.connect(cluster, row.desired?.rollout ?? 'towline');
  const types = await connection.discover();
  const targets = prepareTargets(row.spec, objects, types);
  const operation = currentOperation(deps, row);
  const refused = refusals(input, targets);
  if (refused) return failed(deps, operation, refused);
  const foreign = input.adopt ? undefined : await findForeign(connection, row, targets);
  if (foreign) return failed(deps, operation, foreign);
  if (input.observe) return observed(deps, operation);
  await writeDown(deps, input, targets);
  return run(deps, { ...input, connection, targets, operation, live: new Map() });
};

const currentOperation = (deps: SyncDeps, { operation, desired }: ApplicationRow): Operation => {
  const generation = desired?.generation ?? 0;
  if (operation?.generation === generation && operation.phase === 'Running') return operation;
  return startOperation(deps.newId(), generation, deps.clock());
};

/** The project's rules on what was really rendered, whatever was registered. */
const refusals = ({ project, cluster, row }: OperationInput, targets: readonly Target[]): string | undefined => {
  if (!project) return `there is no AppProject "${row.spec.project}"`;
  for (const { ref, namespaced, tracked } of targets) {
    const refused = tracked ? permitsObject(project, row.spec, cluster, ref, namespaced) : undefined;
    if (refused) return refused.message;
  }
  return undefined;
};

/** Objects that are not ours yet are looked at before they are touched. */
const findForeign = async (
  connection: ClusterConnection,
  row: ApplicationRow,
  targets: readonly Target[],
): Promise<string | undefined> => {
  const known = new Set(row.inventory.map(({ ref }) => resourceKey(ref)));
  const news = targets.filter(({ key, tracked }) => tracked && !known.has(key));
  const owners = await Promise.all(
    news.map(async ({ ref, object }) => foreignOwner(object, await getUnlessUnknown(connection, ref))),
  );
  return owners.find((owner) => owner !== undefined);
};

const getUnlessUnknown = async (connection: ClusterConnection, ref: Target['ref']) => {
  try {
    return await connection.get(ref);
  } catch (error) {
    // Its CustomResourceDefinition comes in this very sync.
    if (error instanceof AppError && error.code === 'kind-unknown') return undefined;
    throw error;
  }
};

/** What will be applied enters the inventory first: an object applied right before a crash can still be pruned later. */
const writeDown = async (deps: SyncDeps, { row, owner }: OperationInput, targets: readonly Target[]): Promise<void> => {
  const inventory = withTargets(row.inventory, targets);
  if (inventory.length === row.inventory.length) return;
  const saved = await updateKnownRow(deps.applications, row, (known) =>
    known?.lease?.owner === owner ? { ...known, inventory } : undefined,
  );
  row.inventory = inventory;
  // A plan may have come in between: then the row at hand is old, and must not pass for the stored one.
  if (saved?.version === row.version + 1) row.version = saved.version;
};

const run = async (deps: SyncDeps, running: Running): Promise<Advance> => {
  let { operation } = running;
  let results: ActionResult[] = [];
  while (operation.phase === 'Running') {
    const step = nextStep(stepInput(deps, { ...running, operation }, results));
    operation = step.operation;
    if (step.waitSeconds !== undefined) return waiting(running, step);
    // A worker that was paused past its lease must not write any more.
    if (!holdsLease(running.row.lease, running.owner, deps.clock())) return { change: {} };
    results = await executeActions(running.connection, step.actions);
    for (const { key, object } of results) if (object) running.live.set(key, object);
  }
  return applied(deps, { ...running, operation });
};

const stepInput = (deps: SyncDeps, running: Running, results: readonly ActionResult[]) => {
  const { row, cluster, project, operation, targets, live } = running;
  const { automated } = row.spec.syncPolicy;
  return {
    operation,
    targets,
    inventory: row.inventory,
    live,
    results,
    healthOf: (object: KubernetesObject) => assessHealth(object, deps.healthOverrides),
    trackingIdOf: (ref: Target['ref']) => trackingId(row.spec, ref),
    refuses: (ref: Target['ref'], namespaced: boolean) =>
      project ? permitsObject(project, row.spec, cluster, ref, namespaced)?.message : 'no project',
    prune: automated?.prune ?? false,
    allowEmpty: automated?.allowEmpty ?? false,
    now: deps.clock(),
  };
};

const waiting = ({ row }: Running, { operation, waitSeconds }: Step): Advance => ({
  change: { operation, times: row.times },
  clear: ['awaiting', 'waiting'],
  ...(waitSeconds === undefined ? {} : { waitSeconds }),
});

const failed = (deps: SyncDeps, operation: Operation, message: string): Advance => ({
  change: { operation: { ...operation, phase: 'Failed', message, finishedAt: deps.clock() }, sync: 'OutOfSync' },
  clear: ['awaiting', 'waiting'],
});

const observed = (deps: SyncDeps, operation: Operation): Advance => ({
  change: {
    operation: { ...operation, phase: 'Succeeded', message: 'observe mode', finishedAt: deps.clock() },
    waiting: 'observe mode: nothing is applied',
    sync: 'OutOfSync',
  },
  clear: ['awaiting'],
});
