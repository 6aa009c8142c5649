import { clone, isRecord } from '../json.ts';
import type { Schema } from '../schema/schema.ts';

/** Removes null fields everywhere: in a typed object they are absent ones. Changes `value` in place. */
export const dropNulls = (value: unknown): void => {
  if (Array.isArray(value)) for (const item of value) dropNulls(item);
  else if (isRecord(value)) {
    for (const [name, inner] of Object.entries(value)) {
      if (inner === null || inner === undefined) delete value[name];
      else dropNulls(inner);
    }
  }
};

/** Removes what a schema does not declare; answers with the paths (`spec.foo`). Changes `value` in place. */
export const pruneUnknown = (value: unknown, schema: Schema, path = ''): string[] => {
  if (Array.isArray(value)) {
    if (schema.kind !== 'list') return [];
    return value.flatMap((item, index) => pruneUnknown(item, schema.item, `${path}[${index}]`));
  }
  if (!isRecord(value)) return [];
  if (schema.kind === 'map') {
    return Object.entries(value).flatMap(([name, inner]) => pruneUnknown(inner, schema.value, `${path}.${name}`));
  }
  if (schema.kind !== 'struct') return [];
  const pruned: string[] = [];
  for (const [name, inner] of Object.entries(value)) {
    const field = schema.fields.get(name);
    const below = path ? `${path}.${name}` : name;
    if (field) pruned.push(...pruneUnknown(inner, field.schema, below));
    else if (!schema.open) {
      delete value[name];
      pruned.push(below);
    }
  }
  return pruned;
};

/** Fills in the defaults of a custom resource's schema, in place. */
export const fillSchemaDefaults = (value: unknown, schema: Schema): void => {
  if (Array.isArray(value)) {
    if (schema.kind === 'list') for (const item of value) fillSchemaDefaults(item, schema.item);
  } else if (isRecord(value)) {
    if (schema.kind === 'map') for (const inner of Object.values(value)) fillSchemaDefaults(inner, schema.value);
    if (schema.kind !== 'struct') return;
    for (const [name, field] of schema.fields) {
      if (value[name] === undefined && field.default !== undefined) value[name] = clone(field.default);
      if (value[name] !== undefined) fillSchemaDefaults(value[name], field.schema);
    }
  }
};

const isNothing = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;

/** Removes empty maps and lists that the API server's types leave out when they write JSON, in place. */
export const dropEmpty = (value: unknown, schema: Schema): void => {
  if (Array.isArray(value)) {
    if (schema.kind === 'list') for (const item of value) dropEmpty(item, schema.item);
  } else if (isRecord(value) && schema.kind === 'struct') {
    for (const [name, inner] of Object.entries(value)) {
      const field = schema.fields.get(name)?.schema;
      if (!field) continue;
      const isOptional = !schema.required.includes(name) && (field.kind === 'map' || field.kind === 'list');
      if (isOptional && isNothing(inner)) delete value[name];
      else dropEmpty(inner, field);
    }
  }
};
