import { isRecord } from '../json.ts';
import type { ListSchema, ScalarSchema, Schema } from '../schema/schema.ts';
import { isAssociative, itemElement } from './list-keys.ts';
import { pathText } from './path-set.ts';
import { fieldSchema, fitted } from './walk.ts';

/** What a value's field is that its schema does not know, or cannot be. */
export interface TypedError {
  /** `.spec.containers[name="a"].imag`. */
  path: string;
  message: string;
  unknown: boolean;
}

/**
 * Where a value does not fit its schema, in the API server's words for server-side apply: undeclared fields, wrong types,
 * list items without their keys and duplicate ones. Empty: it fits.
 */
export const typedErrors = (value: unknown, schema: Schema): TypedError[] => {
  const errors: TypedError[] = [];
  check(value, schema, [], errors);
  return errors;
};

const add = (errors: TypedError[], path: readonly string[], message: string, unknown = false): void => {
  errors.push({ path: pathText(path), message, unknown });
};

const shown = (value: unknown): string => `&value.valueUnstructured{Value:${JSON.stringify(value)}}`;

const check = (value: unknown, given: Schema, path: readonly string[], errors: TypedError[]): void => {
  if (value === null || value === undefined) return;
  const schema = fitted(given, value);
  if (schema.kind === 'scalar') checkScalar(value, schema, path, errors);
  else if (schema.kind === 'list') {
    if (Array.isArray(value)) checkItems(value, schema, path, errors);
    else add(errors, path, `expected list, got ${shown(value)}`);
  } else if (schema.kind !== 'any') {
    if (!isRecord(value)) add(errors, path, `expected map, got ${shown(value)}`);
    else checkFields(value, schema, path, errors);
  }
};

const checkFields = (
  value: Record<string, unknown>,
  schema: Extract<Schema, { kind: 'struct' | 'map' }>,
  path: readonly string[],
  errors: TypedError[],
): void => {
  for (const [name, inner] of Object.entries(value)) {
    const below = [...path, `f:${name}`];
    const declared = schema.kind === 'map' || schema.open || schema.fields.has(name);
    if (declared) check(inner, fieldSchema(schema, name), below, errors);
    else add(errors, below, 'field not declared in schema', true);
  }
};

const checkItems = (list: unknown[], schema: ListSchema, path: readonly string[], errors: TypedError[]): void => {
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const element = isAssociative(schema) ? itemElement(schema, item) : `i:${index}`;
    if (element === undefined) {
      const keys = schema.keys?.map((key) => `"${key}"`).join(', ');
      const message = `associative list with keys has an element that omits key field ${keys} (and doesn't have default value)`;
      add(errors, [...path, `i:${index}`], `element ${index}: ${message}`);
      continue;
    }
    if (seen.has(element)) add(errors, path, `duplicate entries for key ${pathText([element])}`);
    seen.add(element);
    check(item, schema.item, [...path, element], errors);
  }
};

const goTypeOf = (value: unknown): string => {
  if (typeof value === 'boolean') return 'bool';
  if (Array.isArray(value)) return '[]interface {}';
  return isRecord(value) ? 'map[string]interface {}' : typeof value === 'number' ? 'float64' : 'string';
};

const checkScalar = (value: unknown, { type }: ScalarSchema, path: readonly string[], errors: TypedError[]): void => {
  const is = typeof value;
  if (type === 'integer' || type === 'number') {
    if (is !== 'number') add(errors, path, `expected numeric (int or float), got ${goTypeOf(value)}`);
  } else if (type === 'boolean') {
    if (is !== 'boolean') add(errors, path, `expected boolean, got ${goTypeOf(value)}`);
  } else if (type === 'string' || type === 'time') {
    if (is !== 'string') add(errors, path, `expected string, got ${shown(value)}`);
  } else if (is !== 'string' && is !== 'number') {
    add(errors, path, `expected string or number, got ${goTypeOf(value)}`);
  }
};
