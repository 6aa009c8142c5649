import { isRecord } from '../health/fields.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { isEqual } from './json.ts';

/**
 * RespectIgnoreDifferences: the target with the values that the live object has in ignored fields. `compared` is the live
 * object without these fields. The status is never taken over. Source: Argo CD docs, Sync Options.
 */
export const respectIgnored = (
  target: KubernetesObject,
  live: KubernetesObject,
  compared: KubernetesObject,
): KubernetesObject => {
  const { status: _live, ...own } = live;
  const { status: _compared, ...left } = compared;
  const { apiVersion, kind, metadata } = target;
  const restored = restore(target, own, left);
  return isRecord(restored) ? { apiVersion, kind, metadata, ...restored } : target;
};

/** A value of the target, with what `live` has more than `left` put in. */
const restore = (target: unknown, live: unknown, left: unknown): unknown => {
  if (isEqual(live, left)) return target;
  if (isRecord(live) && isRecord(left)) return restoreRecord(isRecord(target) ? target : {}, live, left);
  if (Array.isArray(live) && Array.isArray(left)) return restoreList(Array.isArray(target) ? target : [], live, left);
  return live;
};

const restoreRecord = (
  target: Record<string, unknown>,
  live: Record<string, unknown>,
  left: Record<string, unknown>,
): Record<string, unknown> => {
  const restored = { ...target };
  for (const [key, value] of Object.entries(live)) {
    const kept = key in left ? restore(target[key], value, left[key]) : value;
    if (kept !== undefined) restored[key] = kept;
  }
  return restored;
};

const nameOf = (item: unknown): unknown => (isRecord(item) ? item['name'] : undefined);

/** Items belong together by their name, those without one by their place; an ignored item is added where it is missing. */
const restoreList = (target: readonly unknown[], live: readonly unknown[], left: readonly unknown[]): unknown[] => {
  if (live.length !== left.length) {
    const ignored = live.filter((item) => !left.some((one) => isSame(item, one)));
    return [...target, ...ignored.filter((item) => !target.some((one) => isSame(item, one)))];
  }
  return target.map((item, place) => {
    const name = nameOf(item);
    const at = name === undefined ? place : live.findIndex((one) => nameOf(one) === name);
    return at in live ? restore(item, live[at], left[at]) : item;
  });
};

const isSame = (a: unknown, b: unknown): boolean => {
  const name = nameOf(a);
  return name === undefined ? isEqual(a, b) : name === nameOf(b);
};
