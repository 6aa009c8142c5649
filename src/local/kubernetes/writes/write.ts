import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { alreadyExists, badRequest, invalid, notFound } from '../api-status.ts';
import type { OwnershipContext } from '../fields/ownership.ts';
import { ownApply, ownUpdate } from '../fields/ownership.ts';
import { clone, isRecord } from '../json.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMerge } from '../patch/strategic-merge.ts';
import { present } from '../present.ts';
import { apiVersionOf } from '../resource-types.ts';
import { checkBytes, fitToApply, fitToType, placed } from './accept.ts';
import { commitCreate, commitUpdate, normalized, prepareCreate, prepareUpdate } from './commit.ts';
import type { Target, WriteDeps, WriteOptions, Written } from './deps.ts';
import { hasStatus, timeText } from './deps.ts';

const contextOf = (
  deps: WriteDeps,
  { type, subresource }: Target,
  name: string,
  operation: 'Apply' | 'Update',
): OwnershipContext => ({
  schema: type.schema,
  time: timeText(deps.clock()),
  hasStatus: hasStatus(type),
  manager: { name, operation, apiVersion: apiVersionOf(type), ...(subresource ? { subresource } : {}) },
});

const liveOf = ({ store }: WriteDeps, { type, namespace, name }: Target): KubernetesObject | undefined => {
  const found = store.get(type.storage, namespace, name);
  return found && present(type, found);
};

/** The live object in the target's version. Errors: ApiStatus 404. */
export const requireLive = (deps: WriteDeps, target: Target): KubernetesObject => {
  const found = liveOf(deps, target);
  if (!found) throw notFound(target.type, target.name);
  return found;
};

/** POST. Errors: ApiStatus. */
export const create = (deps: WriteDeps, target: Target, body: unknown, options: WriteOptions): Written => {
  const given = placed(clone(body), target);
  fitToType(given, target, options);
  const object = normalized(target.type, prepareCreate(deps, target, given));
  const { name = '' } = object.metadata;
  if (liveOf(deps, { ...target, name })) throw alreadyExists(target.type, name);
  const owned = ownUpdate(undefined, object, contextOf(deps, target, options.fieldManager, 'Update'));
  return commitCreate(deps, target.type, owned, options);
};

const update = (
  deps: WriteDeps,
  target: Target,
  before: KubernetesObject,
  given: KubernetesObject,
  options: WriteOptions,
): Written => {
  fitToType(given, target, options);
  const object = normalized(target.type, prepareUpdate(target, before, given));
  const owned = ownUpdate(before, object, contextOf(deps, target, options.fieldManager, 'Update'));
  return commitUpdate(deps, target.type, before, owned, options);
};

/** PUT of an object or of its status. Errors: ApiStatus. */
export const replace = (deps: WriteDeps, target: Target, body: unknown, options: WriteOptions): Written => {
  const given = placed(clone(body), target);
  const before = requireLive(deps, target);
  if (target.type.custom && !given.metadata.resourceVersion) {
    const message = 'Invalid value: 0: must be specified for an update';
    const cause = { reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' };
    throw invalid(target.type.group, target.type.kind, target.name, [cause]);
  }
  return update(deps, target, before, given, options);
};

export type PatchKind = 'json' | 'merge' | 'strategic';

const patchedBy = (kind: PatchKind, live: KubernetesObject, patch: unknown, target: Target): unknown => {
  if (kind === 'json') {
    if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
    return jsonPatch(live, patch);
  }
  if (!isRecord(patch)) throw badRequest('a merge patch is an object');
  return kind === 'merge' ? mergePatch(live, patch) : strategicMerge(live, patch, target.type.schema);
};

/** PATCH by JSON patch, merge patch or strategic merge patch. Errors: ApiStatus. */
export const patch = (
  deps: WriteDeps,
  target: Target,
  kind: PatchKind,
  body: unknown,
  options: WriteOptions,
): Written => {
  const before = requireLive(deps, target);
  const given = placed(clone(patchedBy(kind, before, body, target)), target);
  return update(deps, target, before, given, options);
};

/** What of an applied configuration its endpoint takes. */
const applicable = (config: KubernetesObject, target: Target): KubernetesObject => {
  const { apiVersion, kind, metadata, status, ...rest } = config;
  if (target.subresource === 'status')
    return { apiVersion, kind, metadata, ...(status === undefined ? {} : { status }) };
  const kept = hasStatus(target.type) || status === undefined ? {} : { status };
  return { apiVersion, kind, metadata, ...rest, ...kept };
};

/** PATCH by server-side apply; makes the object where it is missing. Errors: ApiStatus. */
export const apply = (deps: WriteDeps, target: Target, body: unknown, options: WriteOptions): Written => {
  if (!isRecord(body)) throw badRequest('an apply patch is an object');
  if (typeof body.kind !== 'string' || body.kind !== target.type.kind) {
    throw badRequest(`invalid object type: ${String(body.apiVersion)}, Kind=${String(body.kind)}`);
  }
  if (isRecord(body.metadata) && body.metadata.managedFields !== undefined) {
    if (JSON.stringify(body.metadata.managedFields) !== '[]' && body.metadata.managedFields !== null) {
      throw badRequest('metadata.managedFields must be nil');
    }
  }
  fitToApply(
    {
      ...body,
      apiVersion: apiVersionOf(target.type),
      kind: body.kind,
      metadata: isRecord(body.metadata) ? body.metadata : {},
    },
    target,
  );
  const config = applicable(placed(body, target), target);
  checkBytes(config, target);
  const context = contextOf(deps, target, options.fieldManager, 'Apply');
  const live = liveOf(deps, target);
  if (!live) {
    if (target.subresource) throw notFound(target.type, target.name);
    const object = prepareCreate(deps, target, clone(ownApply(undefined, config, options.force, context)));
    return commitCreate(deps, target.type, normalized(target.type, object), options);
  }
  const merged = clone(ownApply(live, config, options.force, context));
  const managers = merged.metadata.managedFields ?? [];
  const prepared = prepareUpdate(target, live, {
    ...merged,
    metadata: { ...merged.metadata, managedFields: managers },
  });
  return commitUpdate(deps, target.type, live, normalized(target.type, prepared), options);
};
