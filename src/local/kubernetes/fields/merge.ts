import { isRecord } from '../json.ts';
import type { ListSchema, MapSchema, Schema, StructSchema } from '../schema/schema.ts';
import { itemsByElement } from './list-keys.ts';
import { fieldSchema, fitted, isLeaf } from './walk.ts';

/** What server-side apply makes of a live value and an applied one: the applied wins, leaf by leaf. */
export const mergeApplied = (live: unknown, applied: unknown, given: Schema): unknown => {
  const schema = fitted(given, applied);
  if (live === undefined || live === null || applied === null || isLeaf(schema)) return applied;
  if (schema.kind === 'list') {
    return Array.isArray(live) && Array.isArray(applied) ? mergeItems(live, applied, schema) : applied;
  }
  if (!isRecord(live) || !isRecord(applied) || schema.kind === 'scalar' || schema.kind === 'any') return applied;
  return mergeFields(live, applied, schema);
};

const mergeFields = (
  live: Record<string, unknown>,
  applied: Record<string, unknown>,
  schema: StructSchema | MapSchema,
): Record<string, unknown> => {
  const merged = { ...live };
  for (const [name, value] of Object.entries(applied)) {
    if (value !== undefined) merged[name] = mergeApplied(live[name], value, fieldSchema(schema, name));
  }
  return merged;
};

/**
 * Applied items in their order. Items that only the live list has come before the next applied one, as in the API server:
 * live `a b c` and applied `c x` make `a b c x`; a shared item that the applied list puts later is skipped on the way.
 */
const mergeItems = (live: unknown[], applied: unknown[], schema: ListSchema): unknown[] => {
  const before = itemsByElement(schema, live);
  const after = itemsByElement(schema, applied);
  const shared = [...after.keys()].filter((element) => before.has(element));
  const merged: unknown[] = [];
  const old = [...before.keys()];
  let next = 0;
  /** Up to the shared item that comes next; all that is left where none does. */
  const keepLiveOnly = (): void => {
    for (; next < old.length; next += 1) {
      const element = old[next] ?? '';
      if (element === shared[0]) return;
      if (!after.has(element)) merged.push(before.get(element));
    }
  };
  for (const [element, item] of after) {
    keepLiveOnly();
    const isShared = before.has(element);
    merged.push(isShared ? mergeApplied(before.get(element), item, schema.item) : item);
    if (!isShared) continue;
    shared.shift();
    if (old[next] === element) next += 1;
  }
  keepLiveOnly();
  return merged;
};
