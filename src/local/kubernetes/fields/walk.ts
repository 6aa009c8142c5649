import { isRecord } from '../json.ts';
import type { ListSchema, MapSchema, Schema, StructSchema } from '../schema/schema.ts';
import { anySchema } from '../schema/schema.ts';
import { isAssociative, itemsByElement } from './list-keys.ts';
import type { PathSet } from './path-set.ts';
import { emptySet } from './path-set.ts';

const openMap: MapSchema = { kind: 'map', value: anySchema, atomic: false };

/** The schema that fits a value: `any` stands for a granular map or an atomic leaf, by the value. */
export const fitted = (schema: Schema, value: unknown): Schema =>
  schema.kind === 'any' && isRecord(value) ? openMap : schema;

/** True where the value is owned and replaced as a whole. */
export const isLeaf = (schema: Schema): boolean => {
  if (schema.kind === 'scalar' || schema.kind === 'any') return true;
  return schema.kind === 'list' ? !isAssociative(schema) : schema.atomic;
};

/** Schema of a field of a struct or map. */
export const fieldSchema = (schema: StructSchema | MapSchema, name: string): Schema =>
  schema.kind === 'map' ? schema.value : (schema.fields.get(name)?.schema ?? anySchema);

const isEmptyMap = (value: unknown): boolean => isRecord(value) && Object.keys(value).length === 0;

/**
 * The paths that an object says something about, as the API server computes them for an applied configuration: leaves,
 * list items, map entries, and empty or null values.
 */
export const fieldSetOf = (value: unknown, schema: Schema): PathSet => {
  const set = emptySet();
  collect(value, schema, set);
  return set;
};

const collect = (value: unknown, given: Schema, into: PathSet): void => {
  const schema = fitted(given, value);
  if (isLeaf(schema) || value === null) into.self = true;
  else if (schema.kind === 'list' && Array.isArray(value)) collectItems(value, schema, into);
  else if ((schema.kind === 'struct' || schema.kind === 'map') && isRecord(value)) {
    for (const [name, inner] of Object.entries(value)) {
      if (inner === undefined) continue;
      const child = childOf(into, `f:${name}`);
      collect(inner, fieldSchema(schema, name), child);
      const declared = schema.kind === 'struct' && schema.fields.has(name);
      if (inner === null || isEmptyMap(inner) || !declared) child.self = true;
    }
  } else into.self = true;
};

const childOf = (set: PathSet, element: string): PathSet => {
  const known = set.children.get(element);
  if (known) return known;
  const child = emptySet();
  set.children.set(element, child);
  return child;
};

const collectItems = (list: unknown[], schema: ListSchema, into: PathSet): void => {
  for (const [element, item] of itemsByElement(schema, list)) {
    const child = childOf(into, element);
    collect(item, schema.item, child);
    child.self = true;
  }
};

/**
 * Makes struct fields members wherever something below them is: removing all that is below removes the field itself.
 * The API server's rule for pruning.
 */
export const withParents = (set: PathSet, given: Schema, isField = false): PathSet => {
  const schema = given;
  const children = new Map<string, PathSet>();
  for (const [element, child] of set.children) {
    const inner = innerSchema(schema, element);
    const declared = schema.kind === 'struct' && element.startsWith('f:') && schema.fields.has(element.slice(2));
    children.set(element, withParents(child, inner, declared));
  }
  return { self: set.self || (isField && children.size > 0), children };
};

const innerSchema = (schema: Schema, element: string): Schema => {
  if (schema.kind === 'list') return schema.item;
  if (schema.kind !== 'struct' && schema.kind !== 'map') return anySchema;
  return fieldSchema(schema, element.slice(2));
};

/** A copy without the members of `gone`, each with all that is below it. */
export const removeItems = (value: unknown, gone: PathSet, given: Schema): unknown => {
  const schema = fitted(given, value);
  if (schema.kind === 'list' && Array.isArray(value)) {
    const left: unknown[] = [];
    for (const [element, item] of itemsByElement(schema, value)) {
      const inner = gone.children.get(element);
      if (!inner?.self) left.push(inner ? removeItems(item, inner, schema.item) : item);
    }
    return isAssociative(schema) ? left : value;
  }
  if ((schema.kind !== 'struct' && schema.kind !== 'map') || !isRecord(value)) return value;
  const left: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    const inner = gone.children.get(`f:${name}`);
    if (!inner?.self) left[name] = inner ? removeItems(item, inner, fieldSchema(schema, name)) : item;
  }
  return left;
};
