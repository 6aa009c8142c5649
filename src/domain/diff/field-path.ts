import { isRecord } from '../health/fields.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../kubernetes-object.ts';
import { isEqual } from './json.ts';

/** One step into an object: a field, a list item by its keys, by its value, or by its position. */
export type Step = { field: string } | { key: Record<string, unknown> } | { value: unknown } | { index: number };

export type FieldPath = readonly Step[];

/** One path of a managed field set; `item`: the set holds the item itself and what lies in it apart. */
export interface ManagedPath {
  path: FieldPath;
  item: boolean;
}

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Reads one key of FieldsV1 (`f:name`, `k:{…}`, `v:…`, `i:0`); undefined for `.` and what is not one. */
const readStep = (text: string): Step | undefined => {
  const body = text.slice(2);
  if (text.startsWith('f:')) return { field: body };
  if (text.startsWith('v:')) return { value: readJson(body) };
  if (text.startsWith('i:')) return { index: Number(body) };
  const key = text.startsWith('k:') ? readJson(body) : undefined;
  return isRecord(key) ? { key } : undefined;
};

/** Every path that a FieldsV1 document owns: its leaves, and the items that it names with `.`. */
export const managedPaths = (fields: unknown, prefix: FieldPath = []): ManagedPath[] => {
  if (!isRecord(fields)) return [];
  const own = '.' in fields && prefix.length > 0 ? [{ path: prefix, item: true }] : [];
  const below = Object.entries(fields).flatMap(([text, inner]) => {
    const step = readStep(text);
    if (!step) return [];
    const path = [...prefix, step];
    return isRecord(inner) && Object.keys(inner).length > 0 ? managedPaths(inner, path) : [{ path, item: false }];
  });
  return [...own, ...below];
};

/** What one manager owns of an object, its subresources apart. */
export const ownPaths = (object: KubernetesObject, manager: string): ManagedPath[] => {
  const isOwn = (entry: ManagedFieldsEntry): boolean => entry.manager === manager && !entry.subresource;
  return (object.metadata.managedFields ?? []).filter(isOwn).flatMap((entry) => managedPaths(entry.fieldsV1));
};

/** Ports are merged by protocol too, which a manifest may leave to its default. */
const KEY_DEFAULTS: Readonly<Record<string, unknown>> = { protocol: 'TCP' };

const hasKey = (item: unknown, key: Record<string, unknown>): boolean =>
  isRecord(item) && Object.entries(key).every(([name, wanted]) => isEqual(item[name] ?? KEY_DEFAULTS[name], wanted));

const indexOf = (list: readonly unknown[], step: Step): number => {
  if ('index' in step) return step.index < list.length ? step.index : -1;
  if ('key' in step) return list.findIndex((item) => hasKey(item, step.key));
  return 'value' in step ? list.findIndex((item) => isEqual(item, step.value)) : -1;
};

const stepInto = (value: unknown, step: Step): unknown => {
  if (Array.isArray(value)) return value[indexOf(value, step)];
  return isRecord(value) && 'field' in step ? value[step.field] : undefined;
};

/** The value at a path; undefined where a part of it is missing. */
export const valueAt = (value: unknown, path: FieldPath): unknown => path.reduce(stepInto, value);

/** Removes what is at a path, in place; nothing where there is nothing. */
export const removeAt = (value: unknown, path: FieldPath): void => {
  const last = path.at(-1);
  const parent = valueAt(value, path.slice(0, -1));
  if (!last) return;
  if (Array.isArray(parent)) {
    const index = indexOf(parent, last);
    if (index >= 0) parent.splice(index, 1);
  } else if (isRecord(parent) && 'field' in last) delete parent[last.field];
};

/** Sets the value at a path, in place, making the parts that are missing. */
export const setAt = (root: unknown, path: FieldPath, value: unknown): void => {
  let here = root;
  for (const [depth, step] of path.entries()) {
    const next = path[depth + 1];
    here = next ? enter(here, step, 'field' in next ? {} : []) : put(here, step, value);
  }
};

const put = (parent: unknown, step: Step, value: unknown): unknown => {
  if (Array.isArray(parent)) {
    const index = indexOf(parent, step);
    if (index < 0) parent.push(value);
    else parent[index] = value;
  } else if (isRecord(parent) && 'field' in step) parent[step.field] = value;
  return value;
};

const enter = (parent: unknown, step: Step, fresh: unknown): unknown => {
  const existing = stepInto(parent, step);
  if (isRecord(existing) || Array.isArray(existing)) return existing;
  return put(parent, step, 'key' in step ? { ...step.key } : fresh);
};
