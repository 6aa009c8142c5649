import type { Json } from '../json.ts';
import { isRecord, recordOf } from '../json.ts';

/**
 * A set of field paths, in the words of `fieldsV1`: path elements are `f:NAME`, `k:{KEYS}`, `v:VALUE`, `i:INDEX`. A node
 * with `self` is a member; its children are members below it. Never changed in place outside this module's `insert`.
 */
export interface PathSet {
  self: boolean;
  children: Map<string, PathSet>;
}

export type Path = readonly string[];

/** A set of no field paths. */
export const emptySet = (): PathSet => ({ self: false, children: new Map() });

/** Whether a set holds no field path. */
export const isEmptySet = (set: PathSet): boolean => !set.self && [...set.children.values()].every(isEmptySet);

/** Adds one path to a set that the caller has just made. */
export const insert = (set: PathSet, path: Path): void => {
  let node = set;
  for (const element of path) {
    let next = node.children.get(element);
    if (!next) {
      next = emptySet();
      node.children.set(element, next);
    }
    node = next;
  }
  node.self = true;
};

/** Reads `fieldsV1`. */
export const readFields = (fields: unknown): PathSet => {
  const set: PathSet = { self: false, children: new Map() };
  for (const [element, inner] of Object.entries(recordOf(fields))) {
    if (element === '.') set.self = true;
    else set.children.set(element, readNode(inner));
  }
  return set;
};

const readNode = (fields: unknown): PathSet => {
  const node = readFields(fields);
  return node.children.size === 0 ? { self: true, children: node.children } : node;
};

/** Writes `fieldsV1`, sorted like the API server's. */
export const writeFields = (set: PathSet): Json => {
  const fields: Json = {};
  if (set.self && set.children.size > 0) fields['.'] = {};
  for (const element of [...set.children.keys()].sort()) {
    const child = set.children.get(element);
    if (child && !isEmptySet(child)) fields[element] = writeFields(child);
  }
  return fields;
};

/** Members of either set. */
export const union = (a: PathSet, b: PathSet): PathSet => {
  const children = new Map(a.children);
  for (const [element, child] of b.children) {
    const other = children.get(element);
    children.set(element, other ? union(other, child) : child);
  }
  return { self: a.self || b.self, children };
};

const combine = (
  a: PathSet,
  self: boolean,
  below: (child: PathSet, element: string) => PathSet | undefined,
): PathSet => {
  const children = new Map<string, PathSet>();
  for (const [element, child] of a.children) {
    const left = below(child, element);
    if (left && !isEmptySet(left)) children.set(element, left);
  }
  return { self, children };
};

/** Members of `a` that are not members of `b`; what lies below a member is no part of it. */
export const difference = (a: PathSet, b: PathSet): PathSet =>
  combine(a, a.self && !b.self, (child, element) => {
    const other = b.children.get(element);
    return other ? difference(child, other) : child;
  });

/** Members of both. */
export const intersection = (a: PathSet, b: PathSet): PathSet =>
  combine(a, a.self && b.self, (child, element) => {
    const other = b.children.get(element);
    return other && intersection(child, other);
  });

/** Without the given subtrees. */
export const without = (set: PathSet, paths: readonly Path[]): PathSet =>
  paths.reduce((left, path) => withoutOne(left, path), set);

const withoutOne = (set: PathSet, [element, ...rest]: Path): PathSet => {
  const child = element === undefined ? undefined : set.children.get(element);
  if (element === undefined || !child) return set;
  const children = new Map(set.children);
  const left = rest.length > 0 ? withoutOne(child, rest) : emptySet();
  if (isEmptySet(left)) children.delete(element);
  else children.set(element, left);
  return { self: set.self, children };
};

/** Only the given subtrees. */
export const onlyBelow = (set: PathSet, elements: readonly string[]): PathSet => ({
  self: false,
  children: new Map([...set.children].filter(([element]) => elements.includes(element))),
});

/** Every member's path. */
export const pathsIn = function* (set: PathSet, prefix: Path = []): Generator<Path> {
  if (set.self) yield prefix;
  for (const element of [...set.children.keys()].sort()) {
    const child = set.children.get(element);
    if (child) yield* pathsIn(child, [...prefix, element]);
  }
};

const elementText = (element: string): string => {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('v:')) return `[=${rest}]`;
  if (element.startsWith('i:')) return `[${rest}]`;
  const keys: unknown = JSON.parse(rest);
  const parts = isRecord(keys) ? Object.entries(keys).map(([key, value]) => `${key}=${JSON.stringify(value)}`) : [];
  return `[${parts.join(',')}]`;
};

/** A path as the API server's messages show it: `.spec.containers[name="a"].image`. */
export const pathText = (path: Path): string => path.map(elementText).join('');
