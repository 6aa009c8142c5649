import { clone, isRecord } from '../json.ts';

/** RFC 7386; answers with a patched copy. */
export const mergePatch = (value: unknown, patch: unknown): unknown => {
  if (!isRecord(patch)) return clone(patch);
  const merged: Record<string, unknown> = isRecord(value) ? { ...value } : {};
  for (const [name, inner] of Object.entries(patch)) {
    if (inner === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], inner);
  }
  return merged;
};
