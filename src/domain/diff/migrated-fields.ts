import type { KubernetesObject, ManagedFieldsEntry } from '../kubernetes-object.ts';
import { managedPaths, removeAt, valueAt } from './field-path.ts';
import { copyOf } from './json.ts';

/**
 * A prediction without the fields that only client-side managers hold in place: a sync first takes their fields over, and
 * what Git does not have goes then. A dry run cannot know, since it is made before.
 */
export const withoutMigrated = (
  predicted: KubernetesObject,
  { live, desired, managers }: { live: KubernetesObject; desired: KubernetesObject; managers: readonly string[] },
): KubernetesObject => {
  const entries = live.metadata.managedFields ?? [];
  const isMigrated = ({ manager = '', operation, subresource }: ManagedFieldsEntry): boolean =>
    operation === 'Update' && !subresource && managers.includes(manager);
  const moved = entries.filter(isMigrated);
  if (moved.length === 0) return predicted;
  const kept = new Set(pathsOf(entries.filter((entry) => !isMigrated(entry))).map(textOf));
  const result = copyOf(predicted);
  for (const path of pathsOf(moved))
    if (!kept.has(textOf(path)) && valueAt(desired, path) === undefined) removeAt(result, path);
  return result;
};

const pathsOf = (entries: readonly ManagedFieldsEntry[]) =>
  entries.flatMap((entry) => managedPaths(entry.fieldsV1)).flatMap(({ path, item }) => (item ? [] : [path]));

const textOf = (path: unknown): string => JSON.stringify(path);
