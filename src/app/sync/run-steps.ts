import { permitsObject } from '../../domain/fleet/project-rules.ts';
import { waveHealth } from '../../domain/health/custom/child-application.ts';
import { assessHealth } from '../../domain/health/health.ts';
import type { KubernetesObject, ResourceRef } from '../../domain/kubernetes-object.ts';
import { holdsLease } from '../../domain/lease.ts';
import type { ActionResult } from '../../domain/sync/actions.ts';
import { observe } from '../../domain/sync/observe.ts';
import { terminate } from '../../domain/sync/start-operation.ts';
import { nextStep } from '../../domain/sync/step.ts';
import type { InventoryEntry, Operation, Step, StepInput, Target } from '../../domain/sync/sync-operation.ts';
import type { ClusterConnection } from '../../ports/cluster.ts';
import { updateKnownRow } from '../update-row.ts';
import type { SyncDeps } from './deps.ts';
import { executeActions } from './execute-actions.ts';
import { type IgnoredFields, ignoredFields } from './ignored-fields.ts';
import type { Advance, Look } from './look.ts';
import { findOutOfSync } from './out-of-sync.ts';
import type { Prepared } from './prepare-run.ts';

/** One worker's run of an operation, between two waits. */
export interface Running extends Look {
  connection: ClusterConnection;
  targets: readonly Target[];
  operation: Operation;
  inventory: readonly InventoryEntry[];
  live: Map<string, KubernetesObject | undefined>;
  /** What the applies of this run answered, by key: that and nothing later is known to be as desired. */
  answered: Map<string, KubernetesObject>;
  ignored?: IgnoredFields;
  outOfSync?: ReadonlySet<string>;
}

/** Where a run stopped: at the operation's end, or where it has to wait (or has lost its lease). */
export type Ran = { ended: Running } | { advance: Advance };

/** Waits this short are waited out here, so many times in a row; longer ones are a delayed message's. */
const SHORT_WAIT_SECONDS = 0.3;
const SHORT_WAITS = 8;

/** Takes an operation step after step until it ends or waits, writing down what a crash must not lose. */
export const runSteps = async (deps: SyncDeps, look: Look, prepared: Prepared, operation: Operation): Promise<Ran> => {
  const { inventory } = look.row;
  const ignored = ignoredFields(deps, look, prepared.targets);
  const outOfSync = look.row.removed ? undefined : await findOutOfSync(deps, look, prepared, operation);
  const running: Running = {
    ...look,
    connection: prepared.connection,
    targets: prepared.targets,
    ...(ignored ? { ignored } : {}),
    ...(outOfSync ? { outOfSync } : {}),
    operation: operation.id === look.row.terminated ? terminate(operation) : operation,
    inventory,
    live: new Map(),
    answered: new Map(),
  };
  let results: ActionResult[] = [];
  for (let waits = 0; ; ) {
    await ignored?.see(running.live);
    const step = nextStep(stepInput(deps, running, results));
    running.operation = step.operation;
    running.inventory = step.inventory ?? running.inventory;
    if (step.done || step.wait) await running.connection.flush?.();
    if (step.done) return { ended: running };
    if (step.wait) {
      if (step.wait.seconds > SHORT_WAIT_SECONDS || ++waits > SHORT_WAITS)
        return { advance: await waiting(deps, running, step.wait) };
      await deps.pause(step.wait.seconds * 1_000);
      running.live = new Map();
      results = [];
      continue;
    }
    // A worker that was paused past its lease must not write any more.
    if (!holdsLease(running.row.lease, running.owner, deps.clock())) return LATE;
    if ((step.storeFirst || step.inventory) && !(await writeDown(deps, running))) return LATE;
    results = await executeActions(running.connection, step.actions);
    observe(running.live, results);
    for (const { key, type, object } of results) if (type === 'apply' && object) running.answered.set(key, object);
  }
};

/** The lease is lost, or about to be: whoever takes the next one goes on. */
const LATE: Ran = { advance: { change: {}, waitSeconds: 1 } };

/**
 * What will be applied enters the inventory first: an object applied right before a crash can still be pruned later.
 * False: somebody else holds the lease.
 */
const writeDown = async (deps: SyncDeps, { row, owner, operation, inventory }: Running): Promise<boolean> => {
  const stored = { operation, inventory: [...inventory] };
  const saved = await updateKnownRow(deps.applications, row, (known) =>
    known?.lease?.owner === owner ? { ...known, ...stored } : undefined,
  );
  Object.assign(row, stored);
  // A plan may have come in between: then the row at hand is old, and must not pass for the stored one.
  if (saved?.version === row.version + 1) row.version = saved.version;
  return saved !== undefined;
};

const stepInput = (deps: SyncDeps, running: Running, results: readonly ActionResult[]): StepInput => {
  const { row, operation, settings, targets, inventory, live, ignored, outOfSync } = running;
  const { approved } = row;
  return {
    operation,
    application: row.spec,
    settings,
    targets,
    inventory,
    live,
    results,
    healthOf: (object: KubernetesObject) => assessHealth(object, deps.healthOverrides) ?? waveHealth(object),
    permitted: (ref, namespaced) => permission(running, ref, namespaced),
    ...(outOfSync ? { outOfSync } : {}),
    ...(ignored ? { withIgnoredFields: ignored.merge } : {}),
    ...(approved?.generation === operation.generation ? { approved } : {}),
    now: deps.clock(),
  };
};

/** A project that is gone has no say over a deletion: what is ours would stay for ever. */
const permission = ({ project, row, cluster, operation }: Running, ref: ResourceRef, namespaced: boolean) => {
  if (project) return permitsObject(project, row.spec, cluster, ref, namespaced)?.message;
  return operation.kind === 'delete' ? undefined : `there is no AppProject "${row.spec.project}"`;
};

/** An approval comes with a message of its own; `schedule` looks after one that was lost. */
const APPROVAL_LOOK_SECONDS = 3_600;

const waiting = async (
  deps: SyncDeps,
  { operation, inventory, row }: Running,
  wait: NonNullable<Step['wait']>,
): Promise<Advance> => {
  const change = { operation, inventory: [...inventory] };
  if (wait.reason === 'approval')
    return {
      change: { ...change, waiting: wait.message },
      clear: ['awaiting'],
      dueSeconds: APPROVAL_LOOK_SECONDS,
    };
  if (wait.refresh) await lookAgain(deps, row.desired?.revisions ?? [], wait.seconds);
  return { change, clear: ['awaiting', 'waiting'], waitSeconds: wait.seconds };
};

/** So long before the next attempt its refs are looked at again. */
const REFRESH_LEAD_SECONDS = 2;

/** `retry.refresh`: the next attempt is made at whatever the refs point at by then. */
const lookAgain = async (
  { queues }: SyncDeps,
  revisions: readonly { repository: string; ref: string }[],
  seconds: number,
): Promise<void> => {
  const delaySeconds = Math.min(900, Math.max(0, Math.floor(seconds) - REFRESH_LEAD_SECONDS));
  const refs = new Map(revisions.map(({ repository, ref }) => [`${repository}#${ref}`, { repository, ref }]));
  await queues.changes(
    [...refs.values()].map((at) => ({ version: 1, ...at, cause: 'retry' })),
    { delaySeconds },
  );
};
