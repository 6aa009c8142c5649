import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { Json } from '../json.ts';
import { at, listOf, recordOf } from '../json.ts';

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
}

/**
 * Conditions for an object's status; one whose status has not changed keeps its times. `now` is RFC 3339; `extra` names
 * further time fields of the kind (`lastUpdateTime`, `lastProbeTime`).
 */
export const conditionsOf = (
  object: KubernetesObject,
  now: string,
  conditions: readonly Condition[],
  extra: readonly string[] = [],
): Json[] => {
  const before = listOf(at(object, 'status.conditions')).map(recordOf);
  return conditions.map((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    const same = old?.status === condition.status && old.reason === condition.reason;
    const times = Object.fromEntries(extra.map((name) => [name, same ? (old[name] ?? now) : now]));
    const since = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now;
    return { ...condition, lastTransitionTime: since, ...times };
  });
};

/** Without fields that are 0, as Go leaves them out. */
export const withoutZeros = (status: Json): Json =>
  Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0 && value !== undefined));
