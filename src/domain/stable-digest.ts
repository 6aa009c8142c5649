import { createHash } from 'node:crypto';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const sortKeys = (_key: string, value: unknown): unknown =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value;

/** JSON with sorted keys: equal values give equal text, whatever the order of their fields. */
export const stableText = (value: unknown): string => JSON.stringify(value, sortKeys) ?? 'null';

/** sha256 (hex) of a value's `stableText`. */
export const stableDigest = (value: unknown): string => createHash('sha256').update(stableText(value)).digest('hex');
