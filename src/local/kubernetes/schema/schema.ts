import type { Json } from '../json.ts';
import { isRecord, listOf, recordOf, textOf } from '../json.ts';

export type ScalarType = 'string' | 'integer' | 'number' | 'boolean' | 'int-or-string' | 'quantity' | 'time';

/** What server-side apply, patches, validation and OpenAPI need to know of a value's type. */
export type Schema = ScalarSchema | AnySchema | StructSchema | MapSchema | ListSchema;

export interface ScalarSchema {
  kind: 'scalar';
  type: ScalarType;
  enum?: string[];
}

/** Anything goes: objects are merged field by field, lists are atomic. */
export interface AnySchema {
  kind: 'any';
}

export interface StructSchema {
  kind: 'struct';
  /** Name of its definition; absent for anonymous ones. */
  name?: string;
  fields: Map<string, Field>;
  required: string[];
  /** Owned and replaced as a whole. */
  atomic: boolean;
  /** Undeclared fields are kept (`x-kubernetes-preserve-unknown-fields`). */
  open: boolean;
}

export interface MapSchema {
  kind: 'map';
  value: Schema;
  atomic: boolean;
}

/** Atomic unless it has keys (`x-kubernetes-list-type: map`) or is a set. */
export interface ListSchema {
  kind: 'list';
  item: Schema;
  keys?: string[];
  set: boolean;
  /** Strategic merge patch merges it: objects by this key, scalars as a set. */
  mergeKey?: string;
  mergePatch: boolean;
}

export interface Field {
  schema: Schema;
  default?: unknown;
  /** A struct that the server writes even where it is empty (not a pointer in its Go type). */
  zero?: boolean;
  /** Strategic merge patch keeps only the patch's own keys where it says `$retainKeys`. */
  retainKeys?: boolean;
}

export const anySchema: AnySchema = { kind: 'any' };

const scalarTypes: readonly string[] = ['string', 'integer', 'number', 'boolean', 'int-or-string', 'quantity', 'time'];

const isScalarType = (type: string): type is ScalarType => scalarTypes.includes(type);

const emptyStruct = (name: string): StructSchema => ({
  kind: 'struct',
  name,
  fields: new Map(),
  required: [],
  atomic: false,
  open: false,
});

/** Turns the compact table's `definitions` into schemas by name. */
export const readDefinitions = (definitions: Json): Map<string, Schema> => {
  const schemas = new Map<string, Schema>();
  const structs = new Map<string, StructSchema>();
  for (const [name, type] of Object.entries(definitions)) {
    // Structs first, empty: definitions refer to each other in cycles.
    const struct = isRecord(type) && 'f' in type ? emptyStruct(name) : undefined;
    if (struct) structs.set(name, struct);
    schemas.set(name, struct ?? readType(type, schemas));
  }
  for (const [name, struct] of structs) fillStruct(struct, recordOf(definitions[name]), schemas);
  return schemas;
};

const fillStruct = (struct: StructSchema, type: Json, schemas: ReadonlyMap<string, Schema>): void => {
  for (const [name, field] of Object.entries(recordOf(type.f))) struct.fields.set(name, readField(field, schemas));
  struct.required = listOf(type.r).map(textOf);
  struct.atomic = type.a === 1;
};

const readField = (type: unknown, schemas: ReadonlyMap<string, Schema>): Field => {
  const { d, z, rk } = recordOf(type);
  return {
    schema: readType(type, schemas),
    ...(d === undefined ? {} : { default: d }),
    ...(z === 1 ? { zero: true } : {}),
    ...(rk === 1 ? { retainKeys: true } : {}),
  };
};

const readNamed = (type: string, schemas: ReadonlyMap<string, Schema>): Schema => {
  if (type.startsWith('#')) return schemas.get(type.slice(1)) ?? anySchema;
  return isScalarType(type) ? { kind: 'scalar', type } : anySchema;
};

const readType = (type: unknown, schemas: ReadonlyMap<string, Schema>): Schema => {
  if (typeof type === 'string') return readNamed(type, schemas);
  const { t, m, l, f, a, e, k, set, p, pm } = recordOf(type);
  if (typeof t === 'string') {
    const named = readNamed(t, schemas);
    if (named.kind === 'scalar' && Array.isArray(e)) return { ...named, enum: e.map(textOf) };
    return a === 1 && named.kind === 'struct' ? { ...named, atomic: true } : named;
  }
  if (m !== undefined) return { kind: 'map', value: readType(m, schemas), atomic: a === 1 };
  if (l !== undefined) {
    return {
      kind: 'list',
      item: readType(l, schemas),
      set: set === 1,
      mergePatch: pm === 1,
      ...(Array.isArray(k) ? { keys: k.map(textOf) } : {}),
      ...(typeof p === 'string' ? { mergeKey: p } : {}),
    };
  }
  if (f === undefined) return anySchema;
  const struct = emptyStruct('');
  delete struct.name;
  fillStruct(struct, recordOf(type), schemas);
  return struct;
};
