import { isRecord } from '../health/fields.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { ownPaths, setAt, valueAt } from './field-path.ts';
import { copyOf } from './json.ts';
import { itemKey } from './list-keys.ts';

/** Takes out what the prediction no longer has, in place: nothing but our giving a field up removes one in a dry run. */
const dropMissing = (value: unknown, predicted: unknown): void => {
  if (Array.isArray(value) && Array.isArray(predicted)) dropItems(value, predicted);
  else if (isRecord(value) && isRecord(predicted))
    for (const key of Object.keys(value)) {
      if (predicted[key] === undefined) delete value[key];
      else dropMissing(value[key], predicted[key]);
    }
};

const dropItems = (list: unknown[], predicted: readonly unknown[]): void => {
  const key = itemKey(list, predicted);
  if (!key) return;
  const there = new Map(predicted.map((item) => [key(item), item]));
  const kept = list.filter((item) => there.has(key(item)));
  list.splice(0, list.length, ...kept);
  for (const item of kept) dropMissing(item, there.get(key(item)));
};

/**
 * What the dry run would change by our doing: the live object with the fields that our manager would own as predicted,
 * and without those that are gone. What a mutating webhook or a controller adds or changes beside them is left out, so
 * that it is no difference. A prediction without our manager in it is taken as it is.
 */
export const withoutForeignChanges = (
  live: KubernetesObject,
  predicted: KubernetesObject,
  manager: string,
): KubernetesObject => {
  const owned = ownPaths(predicted, manager);
  if (owned.length === 0) return predicted;
  const result = copyOf(live);
  dropMissing(result, predicted);
  const fresh = owned.filter(({ path, item }) => item && valueAt(live, path) === undefined);
  for (const { path } of [...fresh, ...owned.filter(({ item }) => !item)]) {
    const value = valueAt(predicted, path);
    if (value !== undefined) setAt(result, path, copyOf(value));
  }
  return result;
};
