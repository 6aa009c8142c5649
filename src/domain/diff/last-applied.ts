import { isRecord } from '../health/fields.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { ownPaths, setAt, valueAt } from './field-path.ts';
import { copyOf } from './json.ts';
import { LAST_APPLIED } from './normalize.ts';

/** What kubectl's annotation says was applied, without what makes the object this one; undefined: it says nothing. */
export const readLastApplied = (live: KubernetesObject): Record<string, unknown> | undefined => {
  const text = live.metadata.annotations?.[LAST_APPLIED];
  if (text === undefined) return undefined;
  try {
    const applied: unknown = JSON.parse(text);
    return isRecord(applied) ? withoutIdentity(applied) : undefined;
  } catch {
    return undefined;
  }
};

/** The last configuration speaks of the object where it was; namespace and empty maps in it are not content. */
const withoutIdentity = (applied: Record<string, unknown>): Record<string, unknown> => {
  const metadata = isRecord(applied['metadata']) ? { ...applied['metadata'] } : {};
  for (const field of ['namespace', 'name', 'creationTimestamp']) delete metadata[field];
  return { ...applied, metadata };
};

/**
 * What was applied before, for a three-way merge: the annotation's word or, where there is none because the object was
 * applied on the server, the fields that our manager owns.
 */
export const lastAppliedOf = (live: KubernetesObject, manager: string): Record<string, unknown> => {
  const said = readLastApplied(live);
  if (said) return said;
  const owned: Record<string, unknown> = {};
  for (const { path, item } of ownPaths(live, manager)) {
    const value = item ? undefined : valueAt(live, path);
    if (value !== undefined) setAt(owned, path, copyOf(value));
  }
  return owned;
};

/** The object with itself in the annotation, as client-side apply leaves it. */
export const withLastApplied = (object: KubernetesObject): KubernetesObject => {
  const { [LAST_APPLIED]: _old, ...annotations } = object.metadata.annotations ?? {};
  const plain = { ...object, metadata: { ...object.metadata, annotations } };
  const text = `${JSON.stringify(plain)}\n`;
  return { ...plain, metadata: { ...plain.metadata, annotations: { ...annotations, [LAST_APPLIED]: text } } };
};
