import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { outdated } from '../api-status.ts';
import type { Json } from '../json.ts';
import { isRecord, listOf, recordOf } from '../json.ts';
import { commitUpdate } from './commit.ts';
import type { Target, WriteDeps } from './deps.ts';
import { timeText } from './deps.ts';
import { requireLive } from './write.ts';

export interface DeleteRequest {
  uid?: string;
  resourceVersion?: string;
  propagation: 'Foreground' | 'Background' | 'Orphan';
  dryRun: boolean;
}

/** Reads `DeleteOptions` from a body and the query; background is every kind's default here. */
export const deleteRequest = (body: unknown, query: URLSearchParams): DeleteRequest => {
  const options = recordOf(body);
  const { uid, resourceVersion } = recordOf(options.preconditions);
  const propagation = options.propagationPolicy ?? query.get('propagationPolicy');
  const dryRun = listOf(options.dryRun).includes('All') || query.get('dryRun') === 'All';
  const orphan = options.orphanDependents === true || query.get('orphanDependents') === 'true';
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    propagation:
      propagation === 'Foreground' || propagation === 'Orphan' ? propagation : orphan ? 'Orphan' : 'Background',
    dryRun,
  };
};

const checkPreconditions = ({ type }: Target, live: KubernetesObject, request: DeleteRequest): void => {
  const { name = '', uid, resourceVersion } = live.metadata;
  // The API server names the kind here, not the resource.
  const named = { group: type.group, resource: type.kind };
  if (request.uid !== undefined && request.uid !== uid) {
    const why = `the UID in the precondition (${request.uid}) does not match the UID in record (${uid})`;
    throw outdated(named, name, `${why}. The object might have been deleted and then recreated`);
  }
  if (request.resourceVersion !== undefined && request.resourceVersion !== resourceVersion) {
    const why = `the ResourceVersion in the precondition (${request.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion})`;
    throw outdated(named, name, `${why}. The object might have been modified`);
  }
};

/** Finalizers that the way of deleting adds: the garbage collector takes them off when it is done. */
const withPropagation = (finalizers: readonly string[], request: DeleteRequest): string[] => {
  const own = { Foreground: 'foregroundDeletion', Orphan: 'orphan', Background: '' }[request.propagation];
  return own && !finalizers.includes(own) ? [...finalizers, own] : [...finalizers];
};

const marked = (deps: WriteDeps, live: KubernetesObject, finalizers: string[]): KubernetesObject => ({
  ...live,
  metadata: {
    ...live.metadata,
    deletionTimestamp: live.metadata.deletionTimestamp ?? timeText(deps.clock()),
    deletionGracePeriodSeconds: live.metadata.deletionGracePeriodSeconds ?? 0,
    ...(finalizers.length > 0 ? { finalizers } : {}),
  },
});

/** Nothing mounts a volume here, so nothing waits for it. */
const protections = ['kubernetes.io/pvc-protection', 'kubernetes.io/pv-protection'];

/** A namespace ends in steps: it is terminating until the controller has emptied it. */
const terminating = (object: KubernetesObject): KubernetesObject => ({
  ...object,
  status: { ...recordOf(object.status), phase: 'Terminating' },
});

export interface Deleted {
  object: KubernetesObject;
  /** False: finalizers or a namespace's content hold it. */
  gone: boolean;
}

/**
 * DELETE of one object. With finalizers (its own, or the propagation's) it is only marked. Errors: ApiStatus 404, 409 where
 * a precondition fails.
 */
export const remove = (deps: WriteDeps, target: Target, request: DeleteRequest): Deleted => {
  const live = requireLive(deps, target);
  checkPreconditions(target, live, request);
  const holding = (live.metadata.finalizers ?? []).filter((name) => !protections.includes(name));
  const finalizers = withPropagation(holding, request);
  const isNamespace = target.type.storage === '/namespaces';
  if (finalizers.length === 0 && !isNamespace) {
    return { object: request.dryRun ? live : deps.store.remove(target.type.storage, live), gone: true };
  }
  const object = marked(deps, live, finalizers);
  const next = isNamespace ? terminating(object) : object;
  return { object: commitUpdate(deps, target.type, live, next, request).object, gone: false };
};

/** The answer to a DELETE: the object while something holds it, else a Status that names it. */
export const deleteAnswer = ({ type }: Target, { object, gone }: Deleted): Json => {
  if (!gone) return isRecord(object) ? object : {};
  const { name = '', uid } = object.metadata;
  const details = { name, ...(type.group ? { group: type.group } : {}), kind: type.resource, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
};
