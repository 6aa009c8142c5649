import { badRequest } from '../api-status.ts';
import type { Json } from '../json.ts';
import { clone, equal, isRecord, listOf, recordOf, textOf } from '../json.ts';
import type { Field, ListSchema, Schema } from '../schema/schema.ts';
import { anySchema } from '../schema/schema.ts';

const deleteFrom = '$deleteFromPrimitiveList/';
const elementOrder = '$setElementOrder/';

const fieldOf = (schema: Schema, name: string): Field => {
  if (schema.kind === 'map') return { schema: schema.value };
  return (schema.kind === 'struct' && schema.fields.get(name)) || { schema: anySchema };
};

/** Strategic merge patch of a built-in object; answers with a patched copy. Errors: ApiStatus 400. */
export const strategicMerge = (value: unknown, patch: unknown, schema: Schema): unknown => {
  if (!isRecord(patch)) return clone(patch);
  if (patch.$patch === 'replace') {
    const { $patch: _directive, ...rest } = patch;
    return clone(rest);
  }
  if (patch.$patch === 'delete') return {};
  return mergeFields(isRecord(value) ? value : {}, patch, schema);
};

const mergeFields = (value: Json, patch: Json, schema: Schema): Json => {
  const kept = patch.$retainKeys;
  const merged: Json = Array.isArray(kept)
    ? Object.fromEntries(Object.entries(value).filter(([name]) => kept.includes(name)))
    : { ...value };
  for (const [name, inner] of Object.entries(patch)) {
    if (name === '$retainKeys' || name.startsWith(elementOrder)) continue;
    if (name.startsWith(deleteFrom)) {
      const target = name.slice(deleteFrom.length);
      merged[target] = listOf(merged[target]).filter((item) => !listOf(inner).some((gone) => equal(gone, item)));
    } else if (inner === null) delete merged[name];
    else merged[name] = mergeField(merged[name], inner, fieldOf(schema, name).schema);
  }
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(elementOrder)) continue;
    const target = name.slice(elementOrder.length);
    const list = merged[target];
    const inner = fieldOf(schema, target).schema;
    if (Array.isArray(list) && inner.kind === 'list') merged[target] = ordered(list, listOf(order), inner);
  }
  return merged;
};

const mergeField = (value: unknown, patch: unknown, schema: Schema): unknown => {
  if (!Array.isArray(patch)) return strategicMerge(value, patch, schema);
  if (schema.kind !== 'list' || !schema.mergePatch)
    return clone(patch.filter((item) => recordOf(item).$patch !== 'replace'));
  return mergeList(listOf(value), patch, schema);
};

const mergeList = (list: unknown[], patch: unknown[], schema: ListSchema): unknown[] => {
  const { mergeKey } = schema;
  if (mergeKey === undefined) {
    return [...list, ...patch.filter((item) => !list.some((known) => equal(known, item)))];
  }
  if (patch.some((item) => recordOf(item).$patch === 'replace')) {
    return clone(patch.filter((item) => recordOf(item).$patch !== 'replace'));
  }
  let merged = [...list];
  for (const item of patch.map(recordOf)) {
    const key = item[mergeKey];
    if (key === undefined)
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
    const index = merged.findIndex((known) => equal(recordOf(known)[mergeKey], key));
    if (item.$patch === 'delete') merged = merged.filter((known) => !equal(recordOf(known)[mergeKey], key));
    else if (index < 0) merged.push(strategicMerge({}, item, schema.item));
    else merged[index] = strategicMerge(merged[index], item, schema.item);
  }
  return merged;
};

/** The patch's order for the items that it names; the others keep their places at the end. */
const ordered = (list: unknown[], order: unknown[], { mergeKey }: ListSchema): unknown[] => {
  const keyOf = (item: unknown): string =>
    JSON.stringify(mergeKey === undefined ? item : recordOf(item)[textOf(mergeKey)]);
  const places = new Map(order.map((item, index) => [keyOf(item), index]));
  const place = (item: unknown): number => places.get(keyOf(item)) ?? order.length;
  return [...list].sort((a, b) => place(a) - place(b));
};
