import { readFileSync } from 'node:fs';
import { badRequest } from '../api-status.ts';
import type { Json } from '../json.ts';
import { isRecord, recordOf, textOf } from '../json.ts';
import { builtinTypes } from '../resource-types.ts';
import type { Schema, StructSchema } from '../schema/schema.ts';
import { anySchema } from '../schema/schema.ts';
import type { WireField } from './protobuf-wire.ts';
import { wireFields } from './protobuf-wire.ts';

/** Field numbers by message; made by generate-protobuf.ts. */
type Numbers = Json;

let numbers: Numbers | undefined;

const fieldNumbers = (): Numbers => {
  if (numbers) return numbers;
  const table: unknown = JSON.parse(readFileSync(new URL('../schema/protobuf-fields.json', import.meta.url), 'utf8'));
  numbers = recordOf(table);
  return numbers;
};

const magic = Buffer.from('k8s\u0000');

const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** The fields of a message by number; of a repeated one the last. */
const byNumber = (bytes: Uint8Array): Map<number, WireField> =>
  new Map(wireFields(bytes).map((field) => [field.number, field]));

const bytesOf = (field: WireField | undefined): Uint8Array => field?.bytes ?? new Uint8Array();

const timeOf = (bytes: Uint8Array): string | undefined => {
  const seconds = byNumber(bytes).get(1)?.integer;
  return seconds ? `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z` : undefined;
};

const intOrString = (bytes: Uint8Array): unknown => {
  const fields = byNumber(bytes);
  return fields.get(1)?.integer === 1 ? utf8(bytesOf(fields.get(3))) : (fields.get(2)?.integer ?? 0);
};

/** RawExtension and FieldsV1 hold JSON. */
const rawJson = (bytes: Uint8Array): unknown => {
  const text = utf8(bytesOf(byNumber(bytes).get(1)));
  return text === '' ? undefined : JSON.parse(text);
};

interface Shape {
  /** It is bytes in Go: base64 in JSON. */
  isBytes: boolean;
  /** Not a pointer in Go: an empty value is none. */
  isPlain: boolean;
}

const scalarOf = (field: WireField, schema: Extract<Schema, { kind: 'scalar' }>, shape: Shape): unknown => {
  const bytes = bytesOf(field);
  switch (schema.type) {
    case 'time':
      return timeOf(bytes);
    case 'int-or-string':
      return intOrString(bytes);
    case 'quantity':
      return utf8(bytesOf(byNumber(bytes).get(1)));
    case 'boolean':
      return field.integer === 1 || (shape.isPlain ? undefined : false);
    case 'integer':
    case 'number':
      return field.integer || (shape.isPlain ? undefined : 0);
    case 'string':
      if (shape.isBytes) return Buffer.from(bytes).toString('base64');
      return utf8(bytes) || (shape.isPlain ? undefined : '');
  }
};

const valueOf = (field: WireField, schema: Schema, shape: Shape): unknown => {
  if (schema.kind === 'scalar') return scalarOf(field, schema, shape);
  if (schema.kind === 'struct') return messageOf(bytesOf(field), schema);
  return schema.kind === 'any' ? rawJson(bytesOf(field)) : undefined;
};

const solid = (shape: Shape): Shape => ({ ...shape, isPlain: false });

const addTo = (object: Json, name: string, field: WireField, schema: Schema, shape: Shape): void => {
  if (schema.kind === 'list') {
    const list = object[name];
    const item = valueOf(field, schema.item, solid(shape));
    if (Array.isArray(list)) list.push(item);
    else object[name] = [item];
  } else if (schema.kind === 'map') {
    const entry = byNumber(bytesOf(field));
    const value = entry.get(2) ?? { number: 2, integer: 0, bytes: new Uint8Array() };
    const entries = recordOf(object[name]);
    entries[utf8(bytesOf(entry.get(1)))] = valueOf(value, schema.value, solid(shape));
    object[name] = entries;
  } else {
    const value = valueOf(field, schema, shape);
    const isNothing = shape.isPlain && isRecord(value) && Object.keys(value).length === 0;
    if (value !== undefined && !isNothing) object[name] = value;
  }
};

const fillMessage = (bytes: Uint8Array, message: string, schema: StructSchema, object: Json): void => {
  const known = recordOf(fieldNumbers()[message]);
  for (const field of wireFields(bytes)) {
    const text = textOf(known[field.number]);
    if (text === '') continue;
    if (text.startsWith('~')) {
      fillMessage(bytesOf(field), text.slice(1), schema, object);
      continue;
    }
    const name = text.replace(/^[*^]/, '');
    const shape = { isBytes: text.startsWith('^'), isPlain: !text.startsWith('*') };
    addTo(object, name, field, schema.fields.get(name)?.schema ?? anySchema, shape);
  }
};

const messageOf = (bytes: Uint8Array, schema: StructSchema): Json => {
  const object: Json = {};
  fillMessage(bytes, schema.name ?? '', schema, object);
  return object;
};

const deleteOptions: StructSchema = {
  kind: 'struct',
  name: 'meta.v1.DeleteOptions',
  fields: new Map([
    ['propagationPolicy', { schema: { kind: 'scalar', type: 'string' } }],
    ['orphanDependents', { schema: { kind: 'scalar', type: 'boolean' } }],
    ['dryRun', { schema: { kind: 'list', item: { kind: 'scalar', type: 'string' }, set: false, mergePatch: false } }],
  ]),
  required: [],
  atomic: false,
  open: false,
};

const schemaOf = (apiVersion: string, kind: string): StructSchema | undefined => {
  if (kind === 'DeleteOptions') return deleteOptions;
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const type = builtinTypes().types.find((one) => one.group === group && one.version === version && one.kind === kind);
  return type?.schema.kind === 'struct' && fieldNumbers()[type.schema.name ?? ''] ? type.schema : undefined;
};

/**
 * Reads a built-in object that a Go client has sent as protobuf: `k8s\0` and a `runtime.Unknown` around the message. They
 * do so whatever a server prefers. Errors: ApiStatus 400.
 */
export const readProtobuf = (body: Buffer): unknown => {
  if (!body.subarray(0, magic.length).equals(magic))
    throw badRequest('provided data does not appear to be a protobuf message');
  const envelope = byNumber(body.subarray(magic.length));
  const typeMeta = byNumber(bytesOf(envelope.get(1)));
  const apiVersion = utf8(bytesOf(typeMeta.get(1)));
  const kind = utf8(bytesOf(typeMeta.get(2)));
  const schema = schemaOf(apiVersion, kind);
  if (!schema) throw badRequest(`no protobuf of ${apiVersion} ${kind} is known here: send JSON`);
  return { apiVersion, kind, ...messageOf(bytesOf(envelope.get(2)), schema) };
};
