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

/** Applied items in their order; items that only the live list has keep their place among their neighbours. */
const mergeItems = (live: unknown[], applied: unknown[], schema: ListSchema): unknown[] => {
  const before = itemsByElement(schema, live);
  const after = itemsByElement(schema, applied);
  const old = [...before.keys()];
  const merged: unknown[] = [];
  let next = 0;
  const keepOwn = (until: string | undefined): void => {
    for (; next < old.length && old[next] !== until; next += 1) {
      const element = old[next] ?? '';
      if (!after.has(element)) merged.push(before.get(element));
      // The place of a shared item is the applied list's to say.
      else if (until === undefined) continue;
      else break;
    }
  };
  for (const [element, item] of after) {
    if (before.has(element)) keepOwn(element);
    if (old[next] === element) next += 1;
    merged.push(before.has(element) ? mergeApplied(before.get(element), item, schema.item) : item);
  }
  keepOwn(undefined);
  return merged;
};
