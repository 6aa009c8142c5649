const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `over` laid over `base`: mappings are merged, a list that is not empty replaces, everything else replaces. */
export const overlay = (base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> => {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const known = merged[key];
    if (isRecord(known) && isRecord(value)) merged[key] = overlay(known, value);
    else if (!Array.isArray(value) || value.length > 0 || isEmpty(known)) merged[key] = value;
  }
  return merged;
};

/** Helm's own values are one value to Argo CD, however deep. */
const WHOLE = 'valuesObject';

/** `base` with what it leaves empty taken from `rest`, at every depth. */
export const fillIn = (base: Record<string, unknown>, rest: Record<string, unknown>): Record<string, unknown> => {
  const filled = { ...base };
  for (const [key, value] of Object.entries(rest)) {
    const known = filled[key];
    if (isRecord(known) && isRecord(value) && key !== WHOLE) filled[key] = fillIn(known, value);
    else if (isEmpty(known)) filled[key] = value;
  }
  return filled;
};

/** What Go calls a zero value. */
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);
