import type { StatusCause } from '../api-status.ts';
import type { Json } from '../json.ts';
import { equal, isRecord, listOf, recordOf, textOf } from '../json.ts';
import { invalidValue, requiredValue } from './names.ts';

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isRecord(value)) return 'object';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
};

const fitsType = (value: unknown, schema: Json): boolean => {
  const is = typeOf(value);
  if (schema['x-kubernetes-int-or-string'] === true) return is === 'integer' || is === 'string';
  if (value === null && schema.nullable === true) return true;
  const wanted = textOf(schema.type);
  return wanted === '' || wanted === is || (wanted === 'number' && is === 'integer');
};

const scalarCauses = (value: unknown, schema: Json, path: string): StatusCause[] => {
  const causes: StatusCause[] = [];
  const add = (why: string) => causes.push(invalidValue(path, value, `${path} in body should ${why}`));
  if (Array.isArray(schema.enum) && !schema.enum.some((one) => equal(one, value))) {
    const supported = schema.enum.map((one) => JSON.stringify(one)).join(', ');
    const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`;
    causes.push({ reason: 'FieldValueNotSupported', message, field: path });
  }
  if (typeof value === 'number') {
    if (typeof schema.minimum === 'number' && value < schema.minimum)
      add(`be greater than or equal to ${schema.minimum}`);
    if (typeof schema.maximum === 'number' && value > schema.maximum) add(`be less than or equal to ${schema.maximum}`);
  }
  if (typeof value === 'string') {
    if (typeof schema.minLength === 'number' && value.length < schema.minLength)
      add(`be at least ${schema.minLength} chars long`);
    if (typeof schema.maxLength === 'number' && value.length > schema.maxLength)
      add(`be at most ${schema.maxLength} chars long`);
    if (typeof schema.pattern === 'string' && !matches(schema.pattern, value)) add(`match '${schema.pattern}'`);
  }
  return causes;
};

/** Go's expressions are nearly JavaScript's; one that is not is let pass. */
const matches = (pattern: string, value: string): boolean => {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
};

/**
 * Where a custom resource breaks its definition's OpenAPI schema: types, required fields, enums, ranges, lengths, patterns.
 * Not checked: CEL rules, formats, oneOf and the like.
 */
export const customCauses = (value: unknown, schema: Json, path = ''): StatusCause[] => {
  if (!fitsType(value, schema)) {
    const why = `${path} in body must be of type ${textOf(schema.type)}: "${typeOf(value)}"`;
    return [{ reason: 'FieldValueTypeInvalid', message: `Invalid value: "${typeOf(value)}": ${why}`, field: path }];
  }
  if (Array.isArray(value)) {
    const short = typeof schema.minItems === 'number' && value.length < schema.minItems;
    return [
      ...(short
        ? [invalidValue(path, value.length, `${path} in body should have at least ${schema.minItems} items`)]
        : []),
      ...value.flatMap((item, index) => customCauses(item, recordOf(schema.items), `${path}[${index}]`)),
    ];
  }
  if (!isRecord(value)) return scalarCauses(value, schema, path);
  const below = (name: string): string => (path ? `${path}.${name}` : name);
  const missing = listOf(schema.required)
    .map(textOf)
    .filter((name) => value[name] === undefined)
    .map((name) => requiredValue(below(name)));
  const properties = recordOf(schema.properties);
  const inner = Object.entries(value).flatMap(([name, one]) => {
    const type = properties[name] ?? schema.additionalProperties;
    return isRecord(type) && one !== undefined ? customCauses(one, type, below(name)) : [];
  });
  return [...missing, ...inner];
};
