import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { ApiStatus } from '../api-status.ts';
import { equal, isRecord } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { compare } from './compare.ts';
import type { Manager, Ownership } from './managers.ts';
import { isSame, managerText, ownable, readManagers, writeManagers } from './managers.ts';
import { mergeApplied } from './merge.ts';
import type { PathSet } from './path-set.ts';
import {
  difference,
  emptySet,
  intersection,
  isEmptySet,
  onlyBelow,
  pathsIn,
  pathText,
  union,
  without,
  writeFields,
} from './path-set.ts';
import { fieldSetOf, removeItems, withParents } from './walk.ts';

export interface OwnershipContext {
  schema: Schema;
  manager: Manager;
  /** RFC 3339, seconds. */
  time: string;
  /** The type has a status subresource: `status` and the rest are then owned through different endpoints. */
  hasStatus: boolean;
}

/** The fields that a request to this endpoint may own. */
const reachable = (fields: PathSet, { manager, hasStatus }: OwnershipContext): PathSet => {
  const owned = ownable(fields);
  if (manager.subresource === 'status') return onlyBelow(owned, ['f:status', 'f:metadata']);
  return hasStatus && manager.subresource === undefined ? without(owned, [['f:status']]) : owned;
};

const isObject = (value: unknown): value is KubernetesObject => isRecord(value) && isRecord(value.metadata);

const withManagers = (object: KubernetesObject, owners: readonly Ownership[]): KubernetesObject => {
  const { managedFields: _before, ...metadata } = object.metadata;
  const entries = writeManagers(owners);
  return { ...object, metadata: entries.length > 0 ? { ...metadata, managedFields: entries } : metadata };
};

/** An apply that changes nothing keeps its time, so that nothing is written. */
const settled = (owner: Ownership, before: Ownership | undefined, isChanged: boolean): Ownership =>
  !isChanged && before && equal(writeFields(before.fields), writeFields(owner.fields)) ? before : owner;

/**
 * What a create, update or patch does to ownership: its manager owns what it changed, nobody owns what it removed.
 * `after` holds the managers that the request says (its own `managedFields`, else the live ones).
 */
export const ownUpdate = (
  before: KubernetesObject | undefined,
  after: KubernetesObject,
  context: OwnershipContext,
): KubernetesObject => {
  const owners = readManagers(after);
  const base = before ?? { apiVersion: after.apiVersion, kind: after.kind, metadata: {}, spec: {}, status: {} };
  const changes = compare(base, after, context.schema);
  const changed = reachable(union(changes.added, changes.modified), context);
  const touched = union(changed, ownable(changes.removed));
  if (isEmptySet(touched)) return after;
  const mine = owners.find((owner) => isSame(owner, context.manager));
  const others = owners
    .filter((owner) => owner !== mine)
    .map((owner) => ({ ...owner, fields: difference(owner.fields, touched) }));
  const fields = difference(union(mine?.fields ?? emptySet(), changed), ownable(changes.removed));
  const own = isEmptySet(changed) && mine ? { ...mine, fields } : { ...context.manager, time: context.time, fields };
  return withManagers(after, [...others, own]);
};

interface Conflict {
  owner: Ownership;
  fields: PathSet;
}

const conflictStatus = (conflicts: Conflict[]): ApiStatus => {
  const causes = conflicts.flatMap(({ owner, fields }) =>
    [...pathsIn(fields)].map((path) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${managerText(owner)}`,
      field: pathText(path),
    })),
  );
  const [only] = causes;
  if (causes.length === 1 && only) {
    const message = `Apply failed with 1 conflict: ${only.message}: ${only.field}`;
    return new ApiStatus(409, 'Conflict', message, { causes });
  }
  const said = conflicts.map(({ owner, fields }) => {
    const paths = [...pathsIn(fields)].map((path) => `\n- ${pathText(path)}`);
    return `conflicts with ${managerText(owner)}:${paths.join('')}`;
  });
  return new ApiStatus(409, 'Conflict', `Apply failed with ${causes.length} conflicts: ${said.join('\n')}`, { causes });
};

/** Who owns a live object that was written without any manager. */
const ownersOf = (live: KubernetesObject, context: OwnershipContext): Ownership[] => {
  const owners = readManagers(live);
  if (owners.length > 0) return owners;
  const fields = reachable(fieldSetOf(live, context.schema), context);
  const { apiVersion } = context.manager;
  return [{ name: 'before-first-apply', operation: 'Update', apiVersion, time: context.time, fields }];
};

/** Without what its manager applied before, applies no longer, and nobody else owns. */
const prune = (merged: unknown, last: PathSet, owners: readonly Ownership[], schema: Schema): unknown => {
  if (isEmptySet(last)) return merged;
  const owned = owners.reduce((all, { fields }) => union(all, fields), emptySet());
  const gone = difference(withParents(last, schema), withParents(owned, schema));
  return removeItems(merged, gone, schema);
};

/**
 * Server-side apply of `applied` (without status where that is a subresource) to `live`, undefined where it is to be
 * created. Answers with the merged object and its managers, before defaults. Errors: ApiStatus 409 with one cause per
 * field that another manager owns with another value, unless `force`.
 */
export const ownApply = (
  live: KubernetesObject | undefined,
  applied: KubernetesObject,
  force: boolean,
  context: OwnershipContext,
): KubernetesObject => {
  const { schema, manager, time } = context;
  const { managedFields: _none, ...metadata } = applied.metadata;
  const config = { ...applied, metadata };
  const before = live ? ownersOf(live, context) : [];
  const mine = before.find((owner) => isSame(owner, manager));
  const own = { ...manager, time, fields: reachable(fieldSetOf(config, schema), context) };
  const others = before.filter((owner) => owner !== mine);
  const merged = mergeApplied(live ?? {}, config, schema);
  const pruned = prune(merged, mine?.fields ?? emptySet(), [...others, own], schema);
  if (!isObject(pruned)) throw new Error('an object stays an object');
  const changes = compare(live ?? {}, pruned, schema);
  const changed = ownable(union(changes.added, changes.modified));
  const conflicts = others
    .map((owner) => ({ owner, fields: intersection(owner.fields, changed) }))
    .filter(({ fields }) => !isEmptySet(fields));
  if (conflicts.length > 0 && !force) throw conflictStatus(conflicts);
  const touched = union(changed, ownable(changes.removed));
  const left = others.map((owner) => ({ ...owner, fields: difference(owner.fields, touched) }));
  return withManagers(pruned, [...left, settled(own, mine, !isEmptySet(touched))]);
};
