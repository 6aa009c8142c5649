import type { KubernetesObject, ManagedFieldsEntry } from '../../src/domain/kubernetes-object.ts';

/**
 * Field ownership, simplified: maps are walked, every list is atomic. Paths are JSON arrays of keys; `managedFields`
 * is the only store, in the API server's own shape (`{"f:spec": {"f:replicas": {}}}`).
 */
const identity = new Set(['apiVersion', 'kind']);
const identityMeta = new Set([
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
]);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isIdentity = (path: readonly string[]): boolean =>
  (path.length === 1 && identity.has(path[0] ?? '')) ||
  (path.length === 2 && path[0] === 'metadata' && identityMeta.has(path[1] ?? ''));

/** Every owned leaf of an object: path (as JSON) to value. */
export const leavesOf = (object: KubernetesObject): Map<string, unknown> => {
  const leaves = new Map<string, unknown>();
  const walk = (value: unknown, path: string[]): void => {
    if (isIdentity(path)) return;
    if (isRecord(value) && (Object.keys(value).length > 0 || path.length < 2)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
    } else leaves.set(JSON.stringify(path), value);
  };
  walk(object, []);
  return leaves;
};

/** The paths of a `fieldsV1` tree. */
export const pathsOf = (fields: unknown, prefix: string[] = []): string[] => {
  if (!isRecord(fields)) return [];
  const keys = Object.keys(fields).filter((key) => key.startsWith('f:'));
  if (keys.length === 0) return prefix.length ? [JSON.stringify(prefix)] : [];
  return keys.flatMap((key) => pathsOf(fields[key], [...prefix, key.slice(2)]));
};

const parsePath = (path: string): string[] => (JSON.parse(path) as unknown[]).map(String);

/** The `fieldsV1` tree of paths. */
export const fieldsOf = (paths: Iterable<string>): Record<string, unknown> => {
  const root: Record<string, unknown> = {};
  for (const path of paths) {
    let node = root;
    for (const key of parsePath(path)) {
      const next = node[`f:${key}`];
      const child: Record<string, unknown> = isRecord(next) ? next : {};
      node[`f:${key}`] = child;
      node = child;
    }
  }
  return root;
};

/** Sets or (value undefined) removes a leaf in place; maps left empty by a removal go too. */
export const setLeaf = (object: Record<string, unknown>, path: string, value: unknown): void => {
  const keys = parsePath(path);
  const trail: [Record<string, unknown>, string][] = [];
  let node = object;
  for (const key of keys.slice(0, -1)) {
    const next = node[key];
    const child: Record<string, unknown> = isRecord(next) ? next : {};
    node[key] = child;
    trail.push([node, key]);
    node = child;
  }
  const last = keys.at(-1) ?? '';
  if (value !== undefined) {
    node[last] = structuredClone(value);
    return;
  }
  delete node[last];
  for (const [parent, key] of trail.reverse()) {
    const child = parent[key];
    if (isRecord(child) && Object.keys(child).length === 0 && key !== 'metadata') delete parent[key];
  }
};

export interface Ownership {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  time: string;
  paths: Iterable<string>;
}

/** `entries` with the paths of one (manager, operation) replaced, and taken from every other where `exclusive`. */
export const withOwnership = (
  entries: readonly ManagedFieldsEntry[],
  owner: Ownership,
  taken: ReadonlySet<string>,
): ManagedFieldsEntry[] => {
  const others = entries
    .filter((entry) => entry.manager !== owner.manager || entry.operation !== owner.operation)
    .map((entry) => ({ entry, left: pathsOf(entry.fieldsV1).filter((path) => !taken.has(path)) }))
    .filter(({ left }) => left.length > 0)
    .map(({ entry, left }) => ({ ...entry, fieldsV1: fieldsOf(left) }));
  const { manager, operation, apiVersion, time, paths } = owner;
  const fieldsV1 = fieldsOf(paths);
  if (Object.keys(fieldsV1).length === 0) return others;
  return [...others, { manager, operation, apiVersion, time, fieldsType: 'FieldsV1', fieldsV1 }];
};
