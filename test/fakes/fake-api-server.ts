import { permanent, transient } from '../../src/domain/errors.ts';
import type { KubernetesObject, ResourceRef } from '../../src/domain/kubernetes-object.ts';
import { parseApiVersion, refOf, resourceKey } from '../../src/domain/kubernetes-object.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { ApiResource, DeleteOptions, ListOptions } from '../../src/ports/cluster.ts';
import { typesOfDefinition } from './fake-cluster-types.ts';
import { leavesOf, pathsOf, withOwnership } from './fake-field-ownership.ts';
import { jsonPatch, mergePatch } from './fake-merge.ts';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isObject = (value: unknown): value is KubernetesObject =>
  isRecord(value) && typeof value.kind === 'string' && typeof value.apiVersion === 'string' && isRecord(value.metadata);

const specDigest = (object: KubernetesObject): string => {
  const { metadata: _metadata, status: _status, ...rest } = object;
  return JSON.stringify(rest);
};

const matchesSelector = (object: KubernetesObject, selector: string | undefined): boolean =>
  (selector ?? '')
    .split(',')
    .filter(Boolean)
    .every((term) => {
      const [key = '', value] = term.split(/==?/);
      const actual = object.metadata.labels?.[key];
      return value === undefined ? actual !== undefined : actual === value;
    });

/** What a fake API server holds. */
export interface State {
  objects: Map<string, KubernetesObject>;
  types: ApiResource[];
  clock: Clock;
  strictNamespaces: boolean;
  revision: number;
}

const typeOf = (state: State, ref: Pick<ApiResource, 'group' | 'version' | 'kind'>): ApiResource => {
  const found = state.types.find((t) => t.kind === ref.kind && t.group === ref.group && t.version === ref.version);
  if (found) return found;
  throw permanent('kind-unknown', `the cluster serves no ${ref.group}/${ref.version} ${ref.kind}`, {
    details: { ...ref },
  });
};

/** The map key of a reference; errors like the server where the kind is unknown. */
export const keyIn = (state: State, ref: ResourceRef): string => {
  const { namespaced } = typeOf(state, ref);
  return resourceKey(namespaced ? ref : { ...ref, namespace: undefined });
};

/** Now, as Kubernetes writes times. */
export const timeOf = (state: State): string => new Date(state.clock()).toISOString().replace(/\.\d+Z$/, 'Z');

/** Checks what the API server would about the namespace of an object to be made. */
export const admit = (state: State, object: KubernetesObject): void => {
  const type = typeOf(state, refOf(object));
  if (!type.namespaced) return;
  const namespace = object.metadata.namespace ?? '';
  if (!namespace) {
    throw permanent('apply-invalid', `${object.kind} ${object.metadata.name} needs a namespace`);
  }
  const found = state.objects.get(resourceKey({ group: '', kind: 'Namespace', name: namespace }));
  if (found?.metadata.deletionTimestamp) {
    throw transient('namespace-terminating', `namespace ${namespace} is terminating`, { details: { namespace } });
  }
  if (!found && state.strictNamespaces) {
    throw permanent('namespace-missing', `namespace ${namespace} does not exist`, { details: { namespace } });
  }
};

/** Fills in what the server does and stores it (unless dry run). */
export const store = (state: State, next: KubernetesObject, before: KubernetesObject | undefined, dryRun = false) => {
  const stored = structuredClone(next);
  const unchanged = before && JSON.stringify(before) === JSON.stringify({ ...stored, metadata: stored.metadata });
  if (unchanged) return structuredClone(before);
  const changedSpec = !before || specDigest(before) !== specDigest(stored);
  stored.metadata.uid = before?.metadata.uid ?? stored.metadata.uid ?? `uid-${state.revision + 1}`;
  stored.metadata.creationTimestamp = before?.metadata.creationTimestamp ?? timeOf(state);
  stored.metadata.generation = (before?.metadata.generation ?? 0) + (changedSpec ? 1 : 0);
  stored.metadata.resourceVersion = String(state.revision + 1);
  if (dryRun) return stored;
  state.revision += 1;
  const key = keyIn(state, refOf(stored));
  state.objects.set(key, stored);
  if (stored.metadata.deletionTimestamp && !stored.metadata.finalizers?.length) removeFrom(state, key, false);
  if (stored.kind === 'CustomResourceDefinition') state.types.push(...typesOfDefinition(stored.spec));
  return structuredClone(stored);
};

/** A write that is not an apply: what changed is owned by (manager, Update). */
const update = (state: State, next: KubernetesObject, manager: string, dryRun?: boolean): KubernetesObject => {
  const before = state.objects.get(keyIn(state, refOf(next)));
  const old = before ? leavesOf(before) : new Map<string, unknown>();
  const now = leavesOf(next);
  const changed = [...now].filter(([path, value]) => JSON.stringify(old.get(path)) !== JSON.stringify(value));
  const gone = [...old.keys()].filter((path) => !now.has(path));
  const sameEntries = JSON.stringify(next.metadata.managedFields) === JSON.stringify(before?.metadata.managedFields);
  const entries = (sameEntries ? before?.metadata.managedFields : next.metadata.managedFields) ?? [];
  if (changed.length || gone.length) {
    const mine = entries.find((entry) => entry.manager === manager && entry.operation === 'Update');
    const paths = new Set([...pathsOf(mine?.fieldsV1), ...changed.map(([path]) => path)]);
    for (const path of gone) paths.delete(path);
    const owner = { manager, operation: 'Update' as const, apiVersion: next.apiVersion, time: timeOf(state), paths };
    next.metadata.managedFields = withOwnership(entries, owner, new Set([...changed.map(([path]) => path), ...gone]));
  }
  return store(state, next, before, dryRun);
};

/** POST of one object. */
export const createIn = (
  state: State,
  object: KubernetesObject,
  manager: string,
  dryRun?: boolean,
): KubernetesObject => {
  admit(state, object);
  const { status: _status, ...sent } = structuredClone(object);
  if (!sent.metadata.name) sent.metadata.name = `${sent.metadata.generateName ?? ''}${state.revision + 1}`;
  if (state.objects.has(keyIn(state, refOf(sent)))) {
    throw permanent('already-exists', `${sent.kind} ${sent.metadata.name} already exists`);
  }
  return update(state, sent, manager, dryRun);
};

const existing = (state: State, ref: ResourceRef): KubernetesObject => {
  const found = state.objects.get(keyIn(state, ref));
  if (found) return found;
  throw permanent('object-missing', `${ref.kind} ${ref.name} does not exist`, { details: { ...ref } });
};

/** PUT of one object. */
export const replaceIn = (
  state: State,
  object: KubernetesObject,
  manager: string,
  dryRun?: boolean,
): KubernetesObject => {
  const before = existing(state, refOf(object));
  if (object.metadata.resourceVersion && object.metadata.resourceVersion !== before.metadata.resourceVersion) {
    throw transient('precondition-failed', `${object.kind} ${object.metadata.name} has changed`);
  }
  const next = { ...structuredClone(object), ...(before.status === undefined ? {} : { status: before.status }) };
  return update(state, next, manager, dryRun);
};

/** JSON or merge patch, by its shape. */
export const patchIn = (
  state: State,
  ref: ResourceRef,
  patch: unknown,
  manager: string,
  dryRun?: boolean,
): KubernetesObject => {
  const before = existing(state, ref);
  const patched = Array.isArray(patch) ? jsonPatch(before, patch) : mergePatch(before, patch);
  if (patched === undefined) throw transient('precondition-failed', `${ref.kind} ${ref.name}: the patch does not fit`);
  if (!isObject(patched)) throw permanent('apply-invalid', `${ref.kind} ${ref.name}: not an object after the patch`);
  if (patched.metadata.resourceVersion !== before.metadata.resourceVersion) {
    throw transient('precondition-failed', `${ref.kind} ${ref.name} has changed`);
  }
  return update(state, patched, manager, dryRun);
};

const isDependent = (object: KubernetesObject, owner: KubernetesObject): boolean =>
  (owner.kind === 'Namespace' && object.metadata.namespace === owner.metadata.name) ||
  (object.metadata.ownerReferences ?? []).some(({ uid }) => uid === owner.metadata.uid);

const removeFrom = (state: State, key: string, orphan: boolean): void => {
  const object = state.objects.get(key);
  if (!object) return;
  state.revision += 1;
  if (object.metadata.finalizers?.length) {
    object.metadata.deletionTimestamp ??= timeOf(state);
    object.metadata.resourceVersion = String(state.revision);
    return;
  }
  state.objects.delete(key);
  if (orphan) return;
  for (const [other, dependent] of Array.from(state.objects)) {
    if (isDependent(dependent, object)) removeFrom(state, other, false);
  }
};

/** DELETE; false where nothing was there. */
export const deleteIn = (state: State, ref: ResourceRef, options: DeleteOptions): boolean => {
  const key = keyIn(state, ref);
  const found = state.objects.get(key);
  if (!found) return false;
  const { uid, resourceVersion } = found.metadata;
  if ((options.uid ?? uid) !== uid || (options.resourceVersion ?? resourceVersion) !== resourceVersion) {
    throw transient('precondition-failed', `${ref.kind} ${ref.name} is not the one to delete`);
  }
  if (!options.dryRun) removeFrom(state, key, options.propagationPolicy === 'Orphan');
  return true;
};

/** The objects of a type in any version. */
export const listIn = (state: State, type: Pick<ApiResource, 'group' | 'version' | 'kind'>, options: ListOptions) => {
  typeOf(state, type);
  return [...state.objects.values()].filter((object) => {
    const { group } = parseApiVersion(object.apiVersion);
    return (
      object.kind === type.kind &&
      group === type.group &&
      (options.namespace === undefined || object.metadata.namespace === options.namespace) &&
      matchesSelector(object, options.labelSelector)
    );
  });
};
