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
  walk(before, after, schema, [], result, { before: true, after: true });
  return result;
};

/** On which sides the API server's typed object has a value, even where JSON does not show it. */
interface Presence {
  before: boolean;
  after: boolean;
}

const walk = (
  before: unknown,
  after: unknown,
  given: Schema,
  path: string[],
  result: Comparison,
  zero: Presence,
): void => {
  if (before === after) return;
  const schema = fitted(given, after ?? before);
  if (isLeaf(schema) || !isSameShape(before, after)) {
    const same = before === undefined && zero.before && equal(after, {});
    if (!same) note(before, after, path, result);
    return;
  }
  const has = { before: before !== undefined || zero.before, after: after !== undefined || zero.after };
  if (!has.before) insert(result.added, path);
  if (!has.after) insert(result.removed, path);
  for (const [element, one, other, inner, always] of childrenOf(before, after, schema)) {
    const below = { before: has.before && always, after: has.after && always };
    walk(one, other, inner, [...path, element], result, below);
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

/** `always`: a struct that is no pointer, or a list that is written even where it is empty. */
type Child = [element: string, before: unknown, after: unknown, schema: Schema, always: boolean];

const childrenOf = (before: unknown, after: unknown, schema: Schema): Child[] => {
  if (schema.kind === 'list') {
    const old = itemsByElement(schema, Array.isArray(before) ? before : []);
    const now = itemsByElement(schema, Array.isArray(after) ? after : []);
    const elements = new Set([...old.keys(), ...now.keys()]);
    return [...elements].map((element) => [element, old.get(element), now.get(element), schema.item, false]);
  }
  if (schema.kind !== 'struct' && schema.kind !== 'map') return [];
  const old = isRecord(before) ? before : {};
  const now = isRecord(after) ? after : {};
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].map((name) => {
    const field = schema.kind === 'struct' ? schema.fields.get(name) : undefined;
    const isList = field?.schema.kind === 'list' && schema.kind === 'struct' && schema.required.includes(name);
    return [`f:${name}`, old[name], now[name], fieldSchema(schema, name), field?.zero === true || isList];
  });
};
