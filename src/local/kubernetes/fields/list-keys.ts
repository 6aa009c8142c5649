import { isRecord } from '../json.ts';
import type { ListSchema } from '../schema/schema.ts';

/** A list item's path element; undefined where it lacks a key that has no default. */
export const itemElement = (schema: ListSchema, item: unknown): string | undefined => {
  if (schema.set) return `v:${JSON.stringify(item)}`;
  if (!schema.keys || !isRecord(item)) return undefined;
  const values: Record<string, unknown> = {};
  for (const key of [...schema.keys].sort()) {
    const value = item[key] ?? keyDefault(schema, key);
    if (value === undefined) return undefined;
    values[key] = value;
  }
  return `k:${JSON.stringify(values)}`;
};

const keyDefault = (schema: ListSchema, key: string): unknown =>
  schema.item.kind === 'struct' ? schema.item.fields.get(key)?.default : undefined;

/** True for a list that is merged item by item. */
export const isAssociative = (schema: ListSchema): boolean => schema.set || schema.keys !== undefined;

/** Items by path element, in order; of duplicates the last. Items without a key are left out. */
export const itemsByElement = (schema: ListSchema, list: readonly unknown[]): Map<string, unknown> => {
  const items = new Map<string, unknown>();
  for (const item of list) {
    const element = itemElement(schema, item);
    if (element !== undefined) items.set(element, item);
  }
  return items;
};
