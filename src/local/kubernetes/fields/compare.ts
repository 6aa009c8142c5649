import { equal, isRecord } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { itemsByElement } from './list-keys.ts';
import type { PathSet } from './path-set.ts';
import { emptySet, insert } from './path-set.ts';
import { fieldSchema, fitted, isLeaf } from './walk.ts';

/** Which fields differ between two objects. */
export interface Comparison {
  added: PathSet;
  modified: PathSet;
  removed: PathSet;
}

/** Compares field by field; a list or map that is whole on one side only is a member along with what it holds. */
export const compare = (before: unknown, after: unknown, schema: Schema): Comparison => {
  const result = { added: emptySet(), modified: emptySet(), removed: emptySet() };
  walk(before, after, schema, [], result);
  return result;
};

const walk = (
  before: unknown,
  after: unknown,
  given: Schema,
  path: string[],
  result: Comparison,
  zero = false,
): void => {
  if (before === after) return;
  const schema = fitted(given, after ?? before);
  if (isLeaf(schema) || !isSameShape(before, after)) {
    note(before, after, path, result);
    return;
  }
  const pairs = childrenOf(before, after, schema);
  if (pairs.length === 0) note(before, after, path, result);
  else {
    // A struct that the API server's types always have is not itself added.
    if (before === undefined && !zero) insert(result.added, path);
    if (after === undefined && !zero) insert(result.removed, path);
  }
  for (const [element, one, other, inner, always] of pairs) {
    walk(one, other, inner, [...path, element], result, always);
  }
};

const isSameShape = (before: unknown, after: unknown): boolean =>
  before === undefined ||
  after === undefined ||
  (Array.isArray(before) ? Array.isArray(after) : isRecord(before) && isRecord(after));

const note = (before: unknown, after: unknown, path: string[], { added, modified, removed }: Comparison): void => {
  if (before === undefined) insert(added, path);
  else if (after === undefined) insert(removed, path);
  else if (!equal(before, after)) insert(modified, path);
};

type Child = [element: string, before: unknown, after: unknown, schema: Schema, zero?: boolean];

const childrenOf = (before: unknown, after: unknown, schema: Schema): Child[] => {
  if (schema.kind === 'list') {
    const old = itemsByElement(schema, Array.isArray(before) ? before : []);
    const now = itemsByElement(schema, Array.isArray(after) ? after : []);
    const elements = new Set([...old.keys(), ...now.keys()]);
    return [...elements].map((element) => [element, old.get(element), now.get(element), schema.item]);
  }
  if (schema.kind !== 'struct' && schema.kind !== 'map') return [];
  const old = isRecord(before) ? before : {};
  const now = isRecord(after) ? after : {};
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].map((name) => {
    const zero = schema.kind === 'struct' && schema.fields.get(name)?.zero === true;
    return [`f:${name}`, old[name], now[name], fieldSchema(schema, name), zero];
  });
};
