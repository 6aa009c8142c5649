import { isRecord } from '../health/fields.ts';
import { isEqual } from './json.ts';

/** How a strategic merge patch treats a value, as the server's OpenAPI has it. */
export interface PatchType {
  /** The type of a field, or of a map's values; undefined: nothing is known of it. */
  field(name: string): PatchType | undefined;
  /** Of a list: that of its items. */
  item(): PatchType | undefined;
  /** A list that is merged item by item; else it is replaced as a whole. */
  merges: boolean;
  /** The field that tells the items of a merged list apart; absent: they are scalars. */
  mergeKey?: string;
  /** Fields that are not wanted any more go, whoever set them (`retainKeys`). */
  retainsKeys: boolean;
}

export type Patch = Record<string, unknown>;

interface Sides<T> {
  applied: T;
  desired: T;
  live: T;
}

/**
 * The patch that brings the live object to the desired one: what differs from it is set, what was applied before and is not
 * desired any more goes, everything else stays. With the object's type a strategic merge patch, which merges lists by their
 * keys; without one a JSON merge patch (RFC 7386), which replaces lists. Undefined: there is nothing to change. Source:
 * Kubernetes docs, Declarative Management of Objects, How apply calculates differences and merges changes.
 */
export const threeWayPatch = (sides: Sides<Patch>, type?: PatchType): Patch | undefined => {
  const patch = patchFields(sides, type);
  return Object.keys(patch).length > 0 ? patch : undefined;
};

const patchFields = ({ applied, desired, live }: Sides<Patch>, type: PatchType | undefined): Patch => {
  const patch: Patch = {};
  for (const [name, wanted] of Object.entries(desired)) {
    if (wanted === undefined) continue;
    if (wanted === null) {
      if (live[name] !== undefined) patch[name] = null;
      continue;
    }
    const sides = { applied: applied[name], desired: wanted, live: live[name] };
    Object.assign(patch, patchField(name, sides, type?.field(name)));
  }
  for (const [name, before] of Object.entries(applied))
    if (desired[name] === undefined && saysSomething(name, before) && live[name] !== undefined) patch[name] = null;
  if (type?.retainsKeys && Object.keys(patch).length > 0) patch['$retainKeys'] = Object.keys(desired).toSorted();
  return patch;
};

/** kubectl writes empty maps of labels and annotations that nobody gave; those of others must not go for them. */
const saysSomething = (name: string, before: unknown): boolean => {
  if (before === null || before === undefined) return false;
  const isMap = (name === 'labels' || name === 'annotations') && isRecord(before);
  return !isMap || Object.keys(before).length > 0;
};

/** The fields of a patch that one field of the object needs: none, itself, or itself and directives beside it. */
const patchField = (name: string, { applied, desired, live }: Sides<unknown>, type: PatchType | undefined): Patch => {
  if (isRecord(desired) && isRecord(live)) {
    const inner = patchFields({ applied: isRecord(applied) ? applied : {}, desired, live }, type);
    return Object.keys(inner).length > 0 ? { [name]: inner } : {};
  }
  if (type?.merges && Array.isArray(desired) && Array.isArray(live))
    return patchList(name, { applied: Array.isArray(applied) ? applied : [], desired, live }, type);
  return isEqual(desired, live) ? {} : { [name]: withoutNulls(desired) };
};

const patchList = (name: string, sides: Sides<unknown[]>, type: PatchType): Patch => {
  const { mergeKey } = type;
  if (mergeKey === undefined) return patchScalars(name, sides);
  const { applied, desired, live } = sides;
  if (!tellsApart(desired, mergeKey) || !tellsApart(live, mergeKey)) return replaceList(name, sides, type);
  const [before, present, wanted] = [byKey(applied, mergeKey), byKey(live, mergeKey), byKey(desired, mergeKey)];
  const changed = [...wanted].flatMap(([key, item]) => {
    const there = present.get(key);
    if (!there) return [withoutNulls(item)];
    const inner = patchFields({ applied: before.get(key) ?? {}, desired: item, live: there }, type.item());
    return Object.keys(inner).length > 0 ? [{ ...inner, [mergeKey]: item[mergeKey] }] : [];
  });
  const gone = [...before.keys()].filter((key) => !wanted.has(key) && present.has(key));
  const deleted = gone.map((key) => ({ $patch: 'delete', [mergeKey]: before.get(key)?.[mergeKey] }));
  if (changed.length + deleted.length === 0 && isInOrder([...wanted.keys()], [...present.keys()])) return {};
  const order = [...wanted.values()].map((item) => ({ [mergeKey]: item[mergeKey] }));
  const items = [...changed, ...deleted];
  return { [`$setElementOrder/${name}`]: order, ...(items.length > 0 ? { [name]: items } : {}) };
};

const patchScalars = (name: string, { applied, desired, live }: Sides<unknown[]>): Patch => {
  const added = desired.filter((item) => !live.includes(item));
  const gone = applied.filter((item) => !desired.includes(item) && live.includes(item));
  if (added.length + gone.length === 0) return {};
  return {
    [`$setElementOrder/${name}`]: desired,
    ...(added.length > 0 ? { [name]: added } : {}),
    ...(gone.length > 0 ? { [`$deleteFromPrimitiveList/${name}`]: gone } : {}),
  };
};

/** Two items of one key cannot be told apart by a merge: the list is compared by position and replaced as a whole. */
const replaceList = (name: string, { applied, desired, live }: Sides<unknown[]>, type: PatchType): Patch => {
  const isSame =
    desired.length === live.length &&
    desired.every((item, index) => isCovered({ applied: applied[index], desired: item, live: live[index] }, type));
  return isSame ? {} : { [name]: [...desired.map(withoutNulls), { $patch: 'replace' }] };
};

const isCovered = ({ applied, desired, live }: Sides<unknown>, type: PatchType): boolean => {
  if (!isRecord(desired) || !isRecord(live)) return isEqual(desired, live);
  const inner = patchFields({ applied: isRecord(applied) ? applied : {}, desired, live }, type.item());
  return Object.keys(inner).length === 0;
};

const tellsApart = (list: readonly unknown[], mergeKey: string): boolean =>
  byKey(list, mergeKey).size === list.length && list.every((item) => isRecord(item) && item[mergeKey] !== undefined);

const byKey = (list: readonly unknown[], mergeKey: string): Map<string, Patch> =>
  new Map(list.filter(isRecord).map((item) => [JSON.stringify(item[mergeKey]), item]));

const isInOrder = (wanted: readonly string[], present: readonly string[]): boolean => {
  const places = wanted.map((key) => present.indexOf(key));
  return places.every((place, index) => index === 0 || place > (places[index - 1] ?? -1));
};

/** In a whole that is set, null is no deletion but nothing. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const fields = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(fields.map(([name, inner]) => [name, withoutNulls(inner)]));
};
