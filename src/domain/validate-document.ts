import * as v from 'valibot';
import { nearest } from './nearest-name.ts';
import type { Problem } from './problem.ts';
import { fieldText, type Path, type YamlDocument } from './yaml-document.ts';

type Schema = v.GenericSchema;

/**
 * Checks one document (or what stands at `base` in it) against a schema. Wrong values are errors with file, line, field,
 * value and what is allowed; fields that the schema does not know are warnings with the name that was probably meant. A
 * null is read as an absent field, as Kubernetes does.
 */
export const validateDocument = <S extends Schema>(
  schema: S,
  document: YamlDocument,
  file: string,
): { output?: v.InferOutput<S>; problems: Problem[] } => {
  const value = withoutNulls(schema, document.value);
  const unknown = unknownFields(schema, value, []).map(({ path, meant }) =>
    problemAt(document, file, path, {
      severity: 'warning',
      code: 'field-unknown',
      message: `this field is not known and does nothing${meant ? `; did you mean ${meant}?` : ''}`,
    }),
  );
  const lists = listsForMappings(schema, value, []);
  const result = v.safeParse(schema, value);
  if (result.success && lists.length === 0) return { output: result.output, problems: unknown };
  const issues = (result.issues ?? []).map((issue) => {
    const path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
    return { path, message: issueText(issue, path) };
  });
  const within = ({ path }: { path: Path }) => lists.some((list) => list.path.every((key, at) => path[at] === key));
  const invalid = [...lists, ...issues.filter((issue) => !within(issue))].map(({ path, message }) =>
    problemAt(document, file, path, { severity: 'error', code: 'field-invalid', message }),
  );
  return { problems: [...invalid, ...unknown] };
};

/** Lists where the schema has a mapping: valibot takes them as mappings without fields, or with numbers for keys. */
const listsForMappings = (schema: Schema, value: unknown, path: Path): { path: Path; message: string }[] => {
  const shape = shapeOf(schema);
  if (!shape) {
    const isList = Array.isArray(value) && unwrap(schema).type === 'record';
    return isList ? [{ path, message: `must be a mapping, not the list ${shown(value)}` }] : [];
  }
  if ('item' in shape) {
    return Array.isArray(value)
      ? value.flatMap((one, index) => listsForMappings(shape.item, one, [...path, index]))
      : [];
  }
  if (Array.isArray(value)) return [{ path, message: `must be a mapping, not the list ${shown(value)}` }];
  if (!isRecord(value)) return [];
  return Object.entries(shape.fields).flatMap(([key, field]) =>
    isSchema(field) ? listsForMappings(field, value[key], [...path, key]) : [],
  );
};

/** A problem with what stands at `path` of a document. */
export const problemAt = (
  document: YamlDocument,
  file: string,
  path: Path,
  what: Pick<Problem, 'severity' | 'code' | 'message'>,
): Problem => ({ ...what, file, ...document.placeOf(path), field: fieldText([...document.base, ...path]) });

const KINDS: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  Object: 'a mapping',
  Array: 'a list',
};

const expectedText = (expected: string | null): string => {
  const names = (expected ?? '').replace(/^\((.*)\)$/, '$1').split(' | ');
  return names.map((name) => KINDS[name] ?? name).join(' or ');
};

const issueText = (issue: v.BaseIssue<unknown>, path: Path): string => {
  if (issue.kind !== 'schema') return `${issue.message}${isSecret(path) ? '' : ` (it is ${shown(issue.input)})`}`;
  const expected = expectedText(issue.expected);
  if (issue.received === 'undefined') return 'is missing';
  const isUnquoted = issue.expected === 'string' && ['number', 'boolean'].includes(typeof issue.input);
  const remedy = isUnquoted ? ': write it in quotes' : '';
  return `must be ${expected}${isSecret(path) ? '' : `, not ${shown(issue.input)}`}${remedy}`;
};

/** Fields that name a secret: somebody may have written the secret itself there. */
const isSecret = (path: Path): boolean => /credential|secret|token|password|key$/i.test(String(path.at(-1) ?? ''));

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSchema = (value: unknown): value is Schema => isRecord(value) && value['kind'] === 'schema';

/** The schema below `optional`, `pipe` and `lazy`. */
const unwrap = (schema: Schema): Schema => {
  if ('getter' in schema && typeof schema.getter === 'function') {
    const inner: unknown = schema.getter(undefined);
    return isSchema(inner) ? unwrap(inner) : schema;
  }
  if ('wrapped' in schema && isSchema(schema.wrapped)) return unwrap(schema.wrapped);
  if ('pipe' in schema && Array.isArray(schema.pipe)) {
    const first: unknown = schema.pipe[0];
    if (isSchema(first) && first !== schema && !('pipe' in first)) return unwrap(first);
  }
  return schema;
};

/** The fields of an object schema, the item of a list schema; undefined: neither (a record, anything). */
const shapeOf = (schema: Schema): { fields: Record<string, unknown> } | { item: Schema } | undefined => {
  const inner = unwrap(schema);
  if ('item' in inner && isSchema(inner.item)) return { item: inner.item };
  return 'entries' in inner && isRecord(inner.entries) ? { fields: inner.entries } : undefined;
};

const withoutNulls = (schema: Schema, value: unknown): unknown => {
  const shape = shapeOf(schema);
  if (shape && 'item' in shape) return Array.isArray(value) ? value.map((one) => withoutNulls(shape.item, one)) : value;
  if (!shape || !isRecord(value)) return value;
  const kept = Object.entries(value).filter(([key, one]) => one !== null || !Object.hasOwn(shape.fields, key));
  return Object.fromEntries(
    kept.map(([key, one]) => {
      const known = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
      return [key, isSchema(known) ? withoutNulls(known, one) : one];
    }),
  );
};

const unknownFields = (schema: Schema, value: unknown, path: Path): { path: Path; meant?: string }[] => {
  const shape = shapeOf(schema);
  if (shape && 'item' in shape) {
    return Array.isArray(value) ? value.flatMap((one, index) => unknownFields(shape.item, one, [...path, index])) : [];
  }
  if (!shape || !isRecord(value)) return [];
  return Object.keys(value).flatMap((key) => {
    const known = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (isSchema(known)) return unknownFields(known, value[key], [...path, key]);
    const meant = nearest(key, Object.keys(shape.fields));
    return [{ path: [...path, key], ...(meant ? { meant } : {}) }];
  });
};

/** A value without the fields that the schema does not know, nulls of known ones included; what does not fit it stays as it is. */
export const knownFields = (schema: Schema, value: unknown): unknown => {
  const shape = shapeOf(schema);
  if (shape && 'item' in shape) return Array.isArray(value) ? value.map((one) => knownFields(shape.item, one)) : value;
  if (!shape || !isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => {
      const known = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
      return one !== null && isSchema(known) ? [[key, knownFields(known, one)]] : [];
    }),
  );
};
