import { isRecord } from '../health/fields.ts';

/** Fields by which Kubernetes merges its lists of objects, most telling first. */
const KEYS: readonly (readonly string[])[] = [
  ['name'],
  ['mountPath'],
  ['devicePath'],
  ['containerPort'],
  ['containerPort', 'protocol'],
  ['port'],
  ['port', 'protocol'],
  ['type'],
  ['ip'],
  ['uid'],
  ['topologyKey', 'whenUnsatisfiable'],
  ['key'],
];

/** Pairs the items of lists: the same text for what is the same item. */
export type ItemKey = (item: unknown) => string;

const keyWith =
  (fields: readonly string[]): ItemKey =>
  (item) =>
    JSON.stringify(
      fields.map((field) => (isRecord(item) ? (item[field] ?? (field === 'protocol' ? 'TCP' : null)) : null)),
    );

const tellsApart = (list: readonly unknown[], fields: readonly string[]): boolean =>
  list.every((item) => isRecord(item) && item[fields[0] ?? ''] !== undefined) &&
  new Set(list.map(keyWith(fields))).size === list.length;

const isScalar = (item: unknown): boolean => typeof item !== 'object';

/** What tells the items of all these lists apart: a field, or the value of scalars; undefined: only their position. */
export const itemKey = (...lists: readonly (readonly unknown[])[]): ItemKey | undefined => {
  if (lists.every((list) => list.every(isScalar))) return (item) => JSON.stringify(item);
  const fields = KEYS.find((candidate) => lists.every((list) => tellsApart(list, candidate)));
  return fields && keyWith(fields);
};
