const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lists that an Application's strategic merge patch adds to instead of replacing. */
const ADDED = ['metadata.finalizers'];

/**
 * Kubernetes' strategic merge patch of an Application: mappings are merged, null removes, lists are replaced (finalizers
 * are added, and taken away by `$deleteFromPrimitiveList/finalizers`), `$patch: replace` and `$patch: delete` do so for a
 * mapping. Neither argument is changed.
 */
export const strategicMerge = (
  target: Record<string, unknown>,
  patch: Record<string, unknown>,
  path = '',
): Record<string, unknown> => {
  const { $patch: directive, ...fields } = patch;
  if (directive === 'delete') return {};
  const merged = directive === 'replace' ? {} : { ...target };
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith('$')) {
      const [, list = ''] = key.split('$deleteFromPrimitiveList/');
      const [from, gone] = [merged[list], value];
      if (Array.isArray(from) && Array.isArray(gone)) merged[list] = from.filter((one) => !gone.includes(one));
      continue;
    }
    const known = merged[key];
    const place = path === '' ? key : `${path}.${key}`;
    if (value === null) delete merged[key];
    else if (isRecord(value)) merged[key] = strategicMerge(isRecord(known) ? known : {}, value, place);
    else if (Array.isArray(value) && Array.isArray(known) && ADDED.includes(place)) merged[key] = union(known, value);
    else merged[key] = value;
  }
  return merged;
};

const union = (known: readonly unknown[], added: readonly unknown[]): unknown[] => [...new Set([...known, ...added])];
