import { isRecord } from '../health/fields.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { ownPaths, removeAt, valueAt } from './field-path.ts';
import { copyOf, isEmptyValue } from './json.ts';
import { readLastApplied } from './last-applied.ts';
import { itemKey } from './list-keys.ts';

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const isScalarList = (list: readonly unknown[]): boolean => list.every((item) => typeof item !== 'object');

/** Items keep the live order, merged with what is wanted of them; those only applied before go, new ones come last. */
const mergeLists = (live: readonly unknown[], desired: readonly unknown[], applied: readonly unknown[]): unknown[] => {
  const key = itemKey(live, desired);
  if (!key || isScalarList([...live, ...desired])) return mergePositions(live, desired, applied);
  const index = (list: readonly unknown[]) => new Map(list.map((item) => [key(item), item]));
  const [wanted, before, present] = [index(desired), index(applied), index(live)];
  const kept = live.flatMap((item) => {
    const name = key(item);
    if (wanted.has(name)) return [merge(item, wanted.get(name), before.get(name))];
    return before.has(name) ? [] : [item];
  });
  return [...kept, ...desired.filter((item) => !present.has(key(item)))];
};

/** Without a key, lists of one length pair by position, so that defaults inside the items are no difference. */
const mergePositions = (
  live: readonly unknown[],
  desired: readonly unknown[],
  applied: readonly unknown[],
): unknown[] =>
  live.length === desired.length ? desired.map((item, i) => merge(live[i], item, applied[i])) : [...desired];

const mergeRecords = (
  live: Record<string, unknown>,
  desired: Record<string, unknown>,
  applied: Record<string, unknown>,
): Record<string, unknown> => {
  const result = { ...live };
  for (const key of Object.keys(applied)) if (!(key in desired) && !isEmptyValue(applied[key])) delete result[key];
  for (const [key, value] of Object.entries(desired)) {
    if (value === null || value === undefined) continue;
    if (live[key] === undefined && isEmptyValue(value)) continue;
    result[key] = merge(live[key], value, applied[key]);
  }
  return result;
};

const merge = (live: unknown, desired: unknown, applied: unknown): unknown => {
  if (isRecord(desired) && isRecord(live)) return mergeRecords(live, desired, isRecord(applied) ? applied : {});
  if (Array.isArray(desired) && Array.isArray(live)) return mergeLists(live, desired, listOf(applied));
  return desired;
};

/** What we own and no longer want goes too, where we applied it on the server. */
const giveUp = (result: unknown, desired: KubernetesObject, live: KubernetesObject, manager: string): void => {
  const owned = ownPaths(live, manager).filter(({ path }) => valueAt(desired, path) === undefined);
  // Items before the fields in them: without its key an item would not be found.
  for (const { path } of owned) removeAt(result, path);
};

/**
 * What applying would probably make of the live object, without asking the server: a three-way merge of what was applied
 * last (kubectl's annotation, our manager's fields), desired and live, by the names that Kubernetes' lists commonly
 * have. Knows no schema: the server's dry run is right where the two differ. For when a dry run is not possible.
 */
export const predict = (desired: KubernetesObject, live: KubernetesObject, manager: string): KubernetesObject => {
  const merged = mergeRecords(copyOf(live), copyOf(desired), readLastApplied(live) ?? {});
  giveUp(merged, desired, live, manager);
  const metadata = isRecord(merged['metadata']) ? merged['metadata'] : {};
  return { ...merged, apiVersion: desired.apiVersion, kind: desired.kind, metadata };
};
