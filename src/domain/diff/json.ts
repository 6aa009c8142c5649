import { isRecord } from '../health/fields.ts';

/** Whether two JSON values are equal; the order of an object's keys does not count, and undefined is absent. */
export const isEqual = (one: unknown, other: unknown): boolean => {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => isEqual(item, other[index]));
  if (!isRecord(one) || !isRecord(other)) return false;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => isEqual(one[key], other[key]));
};

/** A copy that shares nothing with the original. */
export const copyOf = <T>(value: T): T => structuredClone(value);

/** Null, '', 0, false, [] and {} alike: what an API server may leave out of what it was given. */
export const isEmptyValue = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) ? Object.values(value).every(isEmptyValue) : !value;
};
