import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { ownUpdate } from '../fields/ownership.ts';
import type { Json } from '../json.ts';
import { equal, recordOf } from '../json.ts';
import type { ResourceType } from '../resource-types.ts';
import { apiVersionOf } from '../resource-types.ts';
import { commitCreate, normalized, prepareCreate } from '../writes/commit.ts';
import type { WriteDeps, WriteOptions } from '../writes/deps.ts';
import { hasStatus, timeText } from '../writes/deps.ts';
import { patch } from '../writes/write.ts';

const manager = 'kube-controller-manager';

const options: WriteOptions = {
  fieldManager: manager,
  dryRun: false,
  force: true,
  fieldValidation: 'Ignore',
  warn: () => undefined,
};

const typeOf = (deps: WriteDeps, storage: string): ResourceType => {
  const type = deps.types.stored(storage);
  if (!type) throw new Error(`${storage} is not served`);
  return type;
};

/** Writes an object as a controller that owns its status; nothing where it is as it was. */
export const writeAsController = (
  deps: WriteDeps,
  storage: string,
  before: KubernetesObject,
  after: KubernetesObject,
): KubernetesObject => {
  if (equal(before, after)) return before;
  const type = typeOf(deps, storage);
  const context = {
    schema: type.schema,
    time: timeText(deps.clock()),
    // Controllers write a few fields of spec and metadata along with the status.
    hasStatus: false,
    manager: {
      name: manager,
      operation: 'Update' as const,
      apiVersion: before.apiVersion,
      ...(hasStatus(type) ? { subresource: 'status' } : {}),
    },
  };
  return deps.store.put(storage, ownUpdate(before, after, context));
};

/** Writes an object's status. */
export const writeStatus = (deps: WriteDeps, storage: string, object: KubernetesObject, status: Json): void => {
  writeAsController(deps, storage, object, { ...object, status });
};

/** Makes an object with its status in one write, unless it is there; answers with what is there. */
export const makeObject = (deps: WriteDeps, storage: string, body: Json, namespace: string): KubernetesObject => {
  const type = typeOf(deps, storage);
  const { name } = recordOf(body.metadata);
  const found = deps.store.get(storage, namespace, String(name));
  if (found) return found;
  const given = { ...body, apiVersion: apiVersionOf(type), kind: type.kind, metadata: recordOf(body.metadata) };
  const placed = { ...given, metadata: { ...given.metadata, namespace } };
  const prepared = normalized(type, prepareCreate(deps, { type, namespace, name: String(name) }, placed));
  const object = body.status === undefined ? prepared : { ...prepared, status: body.status };
  return commitCreate(deps, type, object, options).object;
};

/** Merge-patches an object as a controller. */
export const patchAsController = (deps: WriteDeps, storage: string, object: KubernetesObject, change: Json): void => {
  const { namespace = '', name = '' } = object.metadata;
  patch(deps, { type: typeOf(deps, storage), namespace, name }, 'merge', change, options);
};

/** What makes an object a dependent of its controller. */
export const controlledBy = (owner: KubernetesObject): Json => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});
