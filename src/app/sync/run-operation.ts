import type { ApplicationRow } from '../../domain/application-row.ts';
import type { ClusterConfig } from '../../domain/fleet/fleet-file.ts';
import type { AppProject } from '../../domain/fleet/project.ts';
import { permitsObject } from '../../domain/fleet/project-rules.ts';
import { assessHealth } from '../../domain/health/health.ts';
import type { KubernetesObject, ResourceRef } from '../../domain/kubernetes-object.ts';
import { holdsLease } from '../../domain/lease.ts';
import type { ArgoSettings } from '../../domain/settings/argo-settings.ts';
import type { ActionResult } from '../../domain/sync/actions.ts';
import { observe } from '../../domain/sync/observe.ts';
import { startOperation } from '../../domain/sync/start-operation.ts';
import { nextStep } from '../../domain/sync/step.ts';
import type { InventoryEntry, Operation, Step, Target } from '../../domain/sync/sync-operation.ts';
import { prepareTargets } from '../../domain/sync/targets.ts';
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
  settings: ArgoSettings;
  objects: readonly KubernetesObject[];
  adopt: boolean;
  observe: boolean;
}

/** One worker's run of an operation, between two waits. */
export interface Running extends OperationInput {
  connection: ClusterConnection;
  targets: readonly Target[];
  operation: Operation;
  inventory: readonly InventoryEntry[];
  live: Map<string, KubernetesObject | undefined>;
  /** What the applies of this run answered, by key: that and nothing later is known to be as desired. */
  answered: Map<string, KubernetesObject>;
}

/** Starts the operation on the desired generation, or takes it up where an earlier worker left it, and runs it on. */
export const runOperation = async (deps: SyncDeps, input: OperationInput): Promise<Advance> => {
  const { row, cluster, objects, settings } = input;
  const connection = await deps.connect(cluster, row.desired?.rollout ?? 'towline');
  // A kind that was not served yet may be by now.
  const apiResources = await connection.discover({ fresh: row.operation?.waiting === 'kind' });
  const { targets, problems } = prepareTargets({ application: row.spec, objects, apiResources, settings });
  const operation = currentOperation(deps, input, targets);
  const malformed = problems.find(({ severity }) => severity === 'error');
  const refused = malformed?.message ?? refusals(input, targets);
  if (refused) return failed(deps, operation, refused);
  if (input.observe) return observed(deps, operation);
  return run(deps, {
    ...input,
    connection,
    targets,
    operation,
    inventory: row.inventory,
    live: new Map(),
    answered: new Map(),
  });
};

const currentOperation = (deps: SyncDeps, { row, adopt }: OperationInput, targets: readonly Target[]): Operation => {
  const { desired, operation, spec, healing } = row;
  const generation = desired?.generation ?? 0;
  if (operation?.generation === generation && operation.stage !== 'ended') return operation;
  const { automated, retry } = spec.syncPolicy;
  const options = { prune: automated?.prune ?? false, allowEmpty: automated?.allowEmpty ?? false, adopt };
  const heal = healing?.generation === generation ? healing : undefined;
  const started = startOperation({
    id: deps.newId(),
    generation,
    now: deps.clock(),
    revisions: desired?.revisions.map(({ commit }) => commit) ?? [],
    targets,
    targetsDigest: desired?.renderKeys.join(' ') ?? '',
    options: { ...options, ...(retry ? { retry } : {}), ...heal?.options },
  });
  return heal ? { ...started, heals: heal.heals } : started;
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

/** Waits this short are waited out here, so many times in a row; longer ones are a delayed message's. */
const SHORT_WAIT_SECONDS = 0.3;
const SHORT_WAITS = 8;

const run = async (deps: SyncDeps, running: Running): Promise<Advance> => {
  let results: ActionResult[] = [];
  for (let waits = 0; ; ) {
    const step = nextStep(stepInput(deps, running, results));
    running.operation = step.operation;
    running.inventory = step.inventory ?? running.inventory;
    if (step.done) return applied(deps, running);
    if (step.wait) {
      if (step.wait.seconds > SHORT_WAIT_SECONDS || ++waits > SHORT_WAITS) return waiting(running, step);
      await deps.pause(step.wait.seconds * 1_000);
      Object.assign(running, { live: new Map() });
      results = [];
      continue;
    }
    // A worker that was paused past its lease must not write any more.
    if (!holdsLease(running.row.lease, running.owner, deps.clock())) return { change: {} };
    if (step.storeFirst || step.inventory) await writeDown(deps, running);
    results = await executeActions(running.connection, step.actions);
    observe(running.live, results);
    for (const { key, type, object } of results) if (type === 'apply' && object) running.answered.set(key, object);
  }
};

/** What will be applied enters the inventory first: an object applied right before a crash can still be pruned later. */
const writeDown = async (deps: SyncDeps, { row, owner, operation, inventory }: Running): Promise<void> => {
  const stored = { operation, inventory: [...inventory] };
  const saved = await updateKnownRow(deps.applications, row, (known) =>
    known?.lease?.owner === owner ? { ...known, ...stored } : undefined,
  );
  Object.assign(row, stored);
  // A plan may have come in between: then the row at hand is old, and must not pass for the stored one.
  if (saved?.version === row.version + 1) row.version = saved.version;
};

const stepInput = (deps: SyncDeps, running: Running, results: readonly ActionResult[]) => {
  const { row, cluster, project, operation, targets, inventory, live } = running;
  const permitted = (ref: ResourceRef, namespaced: boolean): string | undefined =>
    project ? permitsObject(project, row.spec, cluster, ref, namespaced)?.message : 'there is no such AppProject';
  return {
    operation,
    application: row.spec,
    settings: running.settings,
    targets,
    inventory,
    live,
    results,
    healthOf: (object: KubernetesObject) => assessHealth(object, deps.healthOverrides),
    permitted,
    now: deps.clock(),
  };
};

const waiting = ({ operation, inventory }: Running, { wait }: Step): Advance => {
  const isPerson = wait?.reason === 'approval';
  return {
    change: { operation, inventory: [...inventory], ...(isPerson ? { waiting: wait.message } : {}) },
    clear: isPerson ? ['awaiting'] : ['awaiting', 'waiting'],
    waitSeconds: isPerson ? 60 : (wait?.seconds ?? 1),
  };
};

const failed = (deps: SyncDeps, operation: Operation, message: string): Advance => ({
  change: {
    operation: { ...operation, phase: 'Failed', stage: 'ended', message, finishedAt: deps.clock() },
    sync: 'OutOfSync',
  },
  clear: ['awaiting', 'waiting', 'healing'],
});

const observed = (deps: SyncDeps, operation: Operation): Advance => ({
  change: {
    operation: { ...operation, phase: 'Succeeded', stage: 'ended', message: 'observe mode', finishedAt: deps.clock() },
    waiting: 'observe mode: nothing is applied',
    sync: 'OutOfSync',
  },
  clear: ['awaiting'],
});
