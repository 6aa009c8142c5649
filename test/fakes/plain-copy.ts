/**
 * A copy of a value as JSON would carry it, frozen through and through: it can be handed out as often as wanted, and whoever
 * writes to it is told. Fields that are undefined are left out.
 */
export const plainCopy = <T>(value: T): T => copy(value) as T;

/** What was made here needs no second copy where it is part of the next value. */
const made = new WeakSet<object>();

const copy = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || made.has(value)) return value;
  const copied: unknown[] | Record<string, unknown> = Array.isArray(value) ? value.map(copy) : fields(value);
  made.add(copied);
  return Object.freeze(copied);
};

const fields = (value: object): Record<string, unknown> => {
  const copied: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) if (field !== undefined) copied[key] = copy(field);
  return copied;
};
