import type { KubernetesObject, ManagedFieldsEntry } from '../kubernetes-object.ts';
import { type FieldPath, type ManagedPath, managedPaths, removeAt, setAt, valueAt } from './field-path.ts';
import { copyOf } from './json.ts';

const ownPaths = (object: KubernetesObject, manager: string): ManagedPath[] => {
  const isOwn = (entry: ManagedFieldsEntry): boolean => entry.manager === manager && !entry.subresource;
  return (object.metadata.managedFields ?? []).filter(isOwn).flatMap((entry) => managedPaths(entry.fieldsV1));
};

const textOf = (path: FieldPath): string => JSON.stringify(path);

/**
 * What the dry run would change by itself: the live object with the fields that our manager would own as predicted, and
 * without those that it owned and gives up. What a mutating webhook or a controller changed beside them is left out,
 * so that it is no difference. A prediction without our manager in it is taken as it is.
 */
export const withoutForeignChanges = (
  live: KubernetesObject,
  predicted: KubernetesObject,
  manager: string,
): KubernetesObject => {
  const owned = ownPaths(predicted, manager);
  if (owned.length === 0) return predicted;
  const result = copyOf(live);
  const fresh = owned.filter(({ path, item }) => item && valueAt(live, path) === undefined);
  const changed = [...fresh, ...owned.filter(({ item }) => !item)];
  for (const { path } of changed) {
    const value = valueAt(predicted, path);
    if (value !== undefined) setAt(result, path, copyOf(value));
  }
  const kept = new Set(owned.map(({ path }) => textOf(path)));
  for (const { path } of ownPaths(live, manager).toReversed())
    if (!kept.has(textOf(path)) && valueAt(predicted, path) === undefined) removeAt(result, path);
  return result;
};
