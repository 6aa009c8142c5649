import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { forbidden, modified, notFound, outdated } from '../api-status.ts';
import { equal, recordOf } from '../json.ts';
import type { ResourceType } from '../resource-types.ts';
import type { Target, WriteDeps, WriteOptions, Written } from './deps.ts';
import { hasStatus, timeText } from './deps.ts';
import { complete, generationAfter, normalize, validate } from './finish.ts';

/** What a namespace refuses. Errors: ApiStatus 404 where it is missing, 403 where it is going away. */
const admit = ({ store }: WriteDeps, { type, namespace }: Target, name: string): void => {
  if (!type.namespaced) return;
  const found = store.get('/namespaces', '', namespace);
  if (!found) throw notFound({ group: '', resource: 'namespaces' }, namespace);
  if (!found.metadata.deletionTimestamp) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const message = `namespace ${namespace} is being terminated`;
  const causes = [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }];
  throw forbidden(type, name, why, causes);
};

/** Names and dates an object to be made; drops what only the server may say. Errors: those of the namespace. */
export const prepareCreate = (deps: WriteDeps, target: Target, given: KubernetesObject): KubernetesObject => {
  const { generateName } = given.metadata;
  const name =
    given.metadata.name || (generateName ? `${generateName}${deps.newId().replaceAll('-', '').slice(0, 5)}` : '');
  admit(deps, target, name);
  const {
    resourceVersion: _resourceVersion,
    deletionTimestamp: _deletion,
    deletionGracePeriodSeconds: _grace,
    selfLink: _selfLink,
    generation: _generation,
    ...metadata
  } = given.metadata;
  const own = { ...(name ? { name } : {}), uid: deps.newId(), creationTimestamp: timeText(deps.clock()) };
  const object: KubernetesObject = { ...given, metadata: { ...metadata, ...own } };
  if (hasStatus(target.type)) delete object.status;
  return object;
};

/** Stores a new object, already normalized, unless it is a dry run. */
export const commitCreate = (
  { store }: WriteDeps,
  type: ResourceType,
  object: KubernetesObject,
  options: Pick<WriteOptions, 'dryRun'>,
): Written => {
  complete(type, object);
  validate(type, object);
  const generation = generationAfter(type, object, undefined);
  if (generation !== undefined) object.metadata.generation = generation;
  return { object: options.dryRun ? object : store.put(type.storage, object), created: true };
};

const checkSame = (target: Target, before: KubernetesObject, after: KubernetesObject): void => {
  const { name = '', resourceVersion, uid } = before.metadata;
  const given = after.metadata.resourceVersion;
  if (given && given !== resourceVersion) throw modified(target.type, name);
  if (after.metadata.uid && after.metadata.uid !== uid) {
    const why = `Precondition failed: UID in precondition: ${after.metadata.uid}, UID in object meta: ${uid}`;
    throw outdated(target.type, name, why);
  }
};

/** The part of `after` that its endpoint may write, over what the server alone says. */
export const prepareUpdate = (target: Target, before: KubernetesObject, given: KubernetesObject): KubernetesObject => {
  checkSame(target, before, given);
  const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation, resourceVersion, name } =
    before.metadata;
  const fixed = { name, uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation };
  const metadata = { ...given.metadata, ...fixed, resourceVersion };
  // Absent `managedFields` mean: as they are; an empty list or [{}] clears them.
  if (given.metadata.managedFields === undefined) metadata.managedFields = before.metadata.managedFields;
  const { status } = given;
  const rest = { ...given, metadata };
  if (target.subresource === 'status') {
    const object = { ...before, metadata: { ...before.metadata, managedFields: metadata.managedFields } };
    return withStatus(object, status);
  }
  return hasStatus(target.type) ? withStatus(rest, before.status) : rest;
};

const withStatus = (object: KubernetesObject, status: unknown): KubernetesObject => {
  const { status: _status, ...rest } = object;
  return status === undefined ? rest : { ...rest, status };
};

/** True where nothing is left to hold an object that is being deleted. */
export const isReleased = (object: KubernetesObject): boolean => {
  if (!object.metadata.deletionTimestamp || (object.metadata.finalizers ?? []).length > 0) return false;
  const { finalizers } = recordOf(object.spec);
  return object.kind !== 'Namespace' || !Array.isArray(finalizers) || finalizers.length === 0;
};

/** Stores a changed object unless nothing changed; the last finalizer gone, it is removed. */
export const commitUpdate = (
  { store }: WriteDeps,
  type: ResourceType,
  before: KubernetesObject,
  object: KubernetesObject,
  options: Pick<WriteOptions, 'dryRun'>,
): Written => {
  complete(type, object, before);
  validate(type, object, before);
  const generation = generationAfter(type, object, before);
  if (generation !== undefined) object.metadata.generation = generation;
  const { managedFields } = object.metadata;
  if (managedFields?.every((entry) => Object.keys(entry).length === 0)) delete object.metadata.managedFields;
  for (const [key, value] of Object.entries(object.metadata)) if (value === undefined) delete object.metadata[key];
  if (equal(before, object)) return { object: before, created: false };
  if (options.dryRun) return { object, created: false };
  if (isReleased(object)) return { object: store.remove(type.storage, object), created: false };
  return { object: store.put(type.storage, object), created: false };
};

/** Nulls out, defaults in. */
export const normalized = (type: ResourceType, object: KubernetesObject): KubernetesObject => {
  normalize(type, object);
  return object;
};
