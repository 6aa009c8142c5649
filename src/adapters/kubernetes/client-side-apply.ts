import { lastAppliedOf, withLastApplied } from '../../domain/diff/last-applied.ts';
import type { Patch, PatchType } from '../../domain/diff/three-way-patch.ts';
import { threeWayPatch } from '../../domain/diff/three-way-patch.ts';
import { AppError, transient } from '../../domain/errors.ts';
import type { KubernetesObject, ResourceRef } from '../../domain/kubernetes-object.ts';
import { refOf } from '../../domain/kubernetes-object.ts';

/** The requests that a client-side apply is made of. */
export interface ApplyRequests {
  get(ref: ResourceRef): Promise<KubernetesObject | undefined>;
  /** Undefined: the server takes no strategic merge patch for it. */
  patchType(ref: ResourceRef): Promise<PatchType | undefined>;
  create(object: KubernetesObject): Promise<KubernetesObject>;
  patch(ref: ResourceRef, patch: Patch, isStrategic: boolean): Promise<KubernetesObject>;
}

/** Somebody made or deleted the object between the look and the write: look again. */
const isOvertaken = (error: unknown): boolean =>
  error instanceof AppError && (error.code === 'already-exists' || error.code === 'object-missing');

const LOOKS = 3;

const applyOnce = async (
  object: KubernetesObject,
  manager: string,
  requests: ApplyRequests,
): Promise<KubernetesObject> => {
  const ref = refOf(object);
  const live = await requests.get(ref);
  const desired = withLastApplied(object);
  if (!live) return requests.create(desired);
  const type = await requests.patchType(ref);
  const patch = threeWayPatch({ applied: lastAppliedOf(live, manager), desired, live }, type);
  return patch ? requests.patch(ref, patch, type !== undefined) : live;
};

/**
 * Applies as `kubectl apply` does: makes the object, or patches what differs from it and what was applied before. Sends
 * nothing where nothing differs; answers with the object as it is then. Errors: those of the requests, and
 * `precondition-failed` where the object comes and goes.
 */
export const clientSideApply = async (
  object: KubernetesObject,
  manager: string,
  requests: ApplyRequests,
): Promise<KubernetesObject> => {
  for (let look = 0; look < LOOKS; look += 1) {
    try {
      return await applyOnce(object, manager, requests);
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }
  throw transient('precondition-failed', `${object.kind} "${object.metadata.name ?? ''}" comes and goes while applied`);
};
