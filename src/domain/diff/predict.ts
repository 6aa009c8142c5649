import { isRecord } from '../health/fields.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { copyOf, isEmptyValue, isEqual } from './json.ts';
import { LAST_APPLIED } from './normalize.ts';

/** Fields by which Kubernetes' lists of objects are merged, most telling first. */
const KEYS = ['name', 'mountPath', 'devicePath', 'containerPort', 'port', 'type', 'ip', 'topologyKey', 'uid', 'key'];

/** The key that tells the items of all these lists apart; undefined: they are replaced whole. */
const keyOf = (...lists: readonly unknown[][]): string | undefined =>
  KEYS.find((key) =>
    lists.every((list) => {
      const values = list.map((item) => (isRecord(item) ? item[key] : undefined));
      return values.every((value) => value !== undefined) && new Set(values).size === values.length;
    }),
  );

const find = (list: readonly unknown[], key: string, item: unknown): unknown =>
  list.find((other) => isRecord(other) && isRecord(item) && isEqual(other[key], item[key]));

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Items that are wanted, in the wanted order, merged; then those of others, which were never ours. */
const mergeLists = (live: readonly unknown[], desired: readonly unknown[], applied: readonly unknown[]): unknown[] => {
  const key = keyOf([...live], [...desired]);
  if (key === undefined) return mergePositions(live, desired, applied);
  const merged = desired.map((item) => merge(find(live, key, item), item, find(applied, key, item)));
  const others = live.filter(
    (item) => find(desired, key, item) === undefined && find(applied, key, item) === undefined,
  );
  return [...merged, ...others];
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

const readApplied = (live: KubernetesObject): Record<string, unknown> => {
  try {
    const applied: unknown = JSON.parse(live.metadata.annotations?.[LAST_APPLIED] ?? '{}');
    return isRecord(applied) ? applied : {};
  } catch {
    return {};
  }
};

/** The last configuration speaks of the object where it was; namespace and empty maps in it are not content. */
const withoutIdentity = (applied: Record<string, unknown>): Record<string, unknown> => {
  const metadata = isRecord(applied['metadata']) ? { ...applied['metadata'] } : {};
  for (const field of ['namespace', 'name', 'creationTimestamp']) delete metadata[field];
  return { ...applied, metadata };
};

/**
 * What applying would probably make of the live object, without asking the server: a three-way merge of last applied
 * configuration, desired and live, by the names that Kubernetes' lists commonly have. Knows no schema: the server's dry
 * run is right where the two differ. For when a dry run is not possible.
 */
export const predict = (desired: KubernetesObject, live: KubernetesObject): KubernetesObject => {
  const wanted = copyOf(desired);
  const merged = mergeRecords(copyOf(live), wanted, withoutIdentity(readApplied(live)));
  const metadata = isRecord(merged['metadata']) ? merged['metadata'] : {};
  return { ...merged, apiVersion: desired.apiVersion, kind: desired.kind, metadata };
};
