/** A JSON object. Objects in the store are never changed in place: copy, then change the copy. */
export type Json = Record<string, unknown>;

/** True for a JSON object; false for lists and null. */
export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value as an object; an empty one where it is something else. */
export const recordOf = (value: unknown): Json => (isRecord(value) ? value : {});

/** The value as a list; an empty one where it is something else. */
export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The value as text; '' where it is something else. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const copyOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isRecord(value)) return value;
  const copy: Json = {};
  for (const key in value) copy[key] = copyOf(value[key]);
  return copy;
};

/** Deep copy of a JSON value (several times as fast as structuredClone on Kubernetes objects). */
// A copy has its original's type; the compiler cannot see that.

/** A deep copy of a JSON value. */
export const clone = <T>(value: T): T => copyOf(value) as T;

/** Deep equality of JSON values; the order of keys does not matter, an undefined field is an absent one. */
export const equal = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  for (const key in a) if (!equal(a[key], b[key])) return false;
  for (const key in b) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
};

/** The value at a dotted path of field names (`spec.template.metadata`); list indexes are not supported. */
export const at = (value: unknown, path: string): unknown => {
  let current = value;
  for (const key of path.split('.')) {
    if (!isRecord(current)) return undefined;
    current = current[key];
  }
  return current;
};

/** Sets a field unless it has a value already (null counts as none). */
export const fill = (target: Json, key: string, value: unknown): void => {
  if (target[key] === undefined || target[key] === null) target[key] = value;
};
