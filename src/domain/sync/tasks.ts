import { type KubernetesObject, type ResourceRef, resourceKey } from '../kubernetes-object.ts';
import { HOOK_FINALIZER } from './hooks.ts';
import type { Operation, SyncPhase, Target } from './sync-operation.ts';
import { orderTasks } from './task-order.ts';

/** One target in one of its phases. */
export interface Task {
  /** Its place in the operation's `states`. */
  index: number;
  key: string;
  ref: ResourceRef;
  phase: SyncPhase;
  wave: number;
  /** As it is sent: of a hook with its name and finalizer. */
  object: KubernetesObject;
  target: Target;
}

/** How many letters an operation's `states` has: one per target and phase. */
export const taskCount = (targets: readonly Target[]): number =>
  targets.reduce((count, { phases }) => count + phases.length, 0);

const OF_KIND: Record<Operation['kind'], readonly SyncPhase[]> = {
  sync: ['PreSync', 'Sync', 'PostSync', 'SyncFail'],
  delete: ['PreDelete', 'PostDelete'],
};

/**
 * An operation's tasks in the order in which they run; those of phases that it does not have (PreDelete in a sync) are
 * left out, their letters stay unused.
 */
export const tasksOf = (targets: readonly Target[], operation: Operation): Task[] => {
  let index = 0;
  const tasks = targets.flatMap((target) => target.phases.map((phase) => toTask(target, phase, index++, operation)));
  const phases = OF_KIND[operation.kind];
  return orderTasks(tasks.filter(({ phase }) => phases.includes(phase)));
};

const toTask = (target: Target, phase: SyncPhase, index: number, operation: Operation): Task => {
  if (!target.hook) {
    const { key, ref, wave, object } = target;
    return { index, key, ref, phase, wave, object, target };
  }
  const name = target.ref.name || generatedName(target, phase, operation);
  const ref = { ...target.ref, name };
  return { index, key: resourceKey(ref), ref, phase, wave: target.wave, object: asHook(target, name), target };
};

/** Made from the operation alone, so that a repeated step makes no second object. */
const generatedName = ({ object }: Target, phase: SyncPhase, { revisions, startedAt }: Operation): string => {
  const revision = (revisions[0] ?? '').slice(0, 7);
  return `${object.metadata.generateName ?? ''}${revision}-${phase.toLowerCase()}-${Math.floor(startedAt / 1000)}`;
};

const asHook = ({ object }: Target, name: string): KubernetesObject => {
  const { generateName: _generateName, ...metadata } = object.metadata;
  const finalizers = [...new Set([...(metadata.finalizers ?? []), HOOK_FINALIZER])];
  return { ...object, metadata: { ...metadata, name, finalizers } };
};

/** `Kind namespace/name`, for messages. */
export const nameRef = ({ kind, namespace, name }: Pick<ResourceRef, 'kind' | 'namespace' | 'name'>): string =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}`;
