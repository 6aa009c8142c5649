import { isRecord } from '../health/fields.ts';
import { isEqual } from './json.ts';

/** One place where two objects differ; undefined: that side has nothing there. */
export interface Difference {
  /** `spec.template.spec.containers[0].image`; '' for the whole object. Keys with dots are quoted: `labels["a.b/c"]`. */
  path: string;
  desired: unknown;
  live: unknown;
}

const extend = (path: string, key: string): string => {
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
};

/** The innermost places where two JSON values differ, in the order of sorted keys; list items pair by position. */
export const differencesOf = (desired: unknown, live: unknown, path = ''): Difference[] => {
  if (isEqual(desired, live)) return [];
  if (isRecord(desired) && isRecord(live)) {
    const keys = [...new Set([...Object.keys(desired), ...Object.keys(live)])].toSorted();
    return keys.flatMap((key) => differencesOf(desired[key], live[key], extend(path, key)));
  }
  if (Array.isArray(desired) && Array.isArray(live)) {
    const length = Math.max(desired.length, live.length);
    return Array.from({ length }).flatMap((_, index) =>
      differencesOf(desired[index], live[index], `${path}[${index}]`),
    );
  }
  return [{ path, desired, live }];
};
