import type { KubernetesObject } from '../kubernetes-object.ts';
import type { Action } from './actions.ts';
import { HOOK_FINALIZER } from './hooks.ts';
import { patchOf } from './run.ts';
import type { Task } from './tasks.ts';

/**
 * What takes an object of ours one step nearer to being gone: first our finalizer, then the deletion itself; undefined: it
 * is under way. `keep`: the finalizer alone.
 */
export const removalOf = (
  task: Pick<Task, 'key' | 'ref'>,
  { metadata }: KubernetesObject,
  keep = false,
): Action | undefined => {
  const { finalizers = [], uid } = metadata;
  if (finalizers.includes(HOOK_FINALIZER)) {
    const rest = finalizers.filter((finalizer) => finalizer !== HOOK_FINALIZER);
    const change = rest.length > 0 ? { op: 'replace' as const, value: rest } : { op: 'remove' as const };
    const path = '/metadata/finalizers';
    return patchOf(task, [
      { op: 'test', path, value: finalizers },
      { ...change, path },
    ]);
  }
  if (keep || metadata.deletionTimestamp || !uid) return undefined;
  // No resourceVersion: a Job's status moves while it is being deleted.
  return { type: 'delete', key: task.key, ref: task.ref, uid, propagationPolicy: 'Background' };
};
