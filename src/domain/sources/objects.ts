import type { KubernetesObject, ObjectMeta } from '../kubernetes-object.ts';

type Fields = Record<string, unknown>;

/** True for a JSON object (no list, no null). */
export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isMetadata = (value: unknown): value is ObjectMeta => isFields(value);

/** Objects, or what is wrong with the document in words. */
export type ReadObjects = { objects: KubernetesObject[] } | { reason: string };

/**
 * The objects that one document stands for: itself, or a list's items; a list whose `items` is null is none (Argo CD's
 * rules: `IsList` is having an array `items`).
 */
export const objectsOf = (value: unknown): ReadObjects => {
  if (!isFields(value)) return { reason: 'not a Kubernetes object' };
  if (typeof value.kind !== 'string' || value.kind === '') return { reason: 'kind is missing' };
  if (Array.isArray(value.items)) return itemsOf(value.items);
  if (value.items === null && !('spec' in value) && !('status' in value)) return { objects: [] };
  return oneObject(value, value.kind);
};

const itemsOf = (items: readonly unknown[]): ReadObjects => {
  const objects: KubernetesObject[] = [];
  for (const [index, item] of items.entries()) {
    const read = objectsOf(item);
    if ('reason' in read) return { reason: `items[${index}]: ${read.reason}` };
    objects.push(...read.objects);
  }
  return { objects };
};

const oneObject = (value: Fields, kind: string): ReadObjects => {
  const { apiVersion, metadata } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '') return { reason: `apiVersion of ${kind} is missing` };
  const meta = metadata ?? {};
  if (!isMetadata(meta)) return { reason: `metadata of ${kind} is not an object` };
  const { name, generateName, namespace } = meta;
  for (const [field, text] of Object.entries({ name, generateName, namespace })) {
    if (text !== undefined && text !== null && typeof text !== 'string') {
      return { reason: `metadata.${field} of ${kind} is ${JSON.stringify(text)}, not text: put it in quotes` };
    }
  }
  return { objects: [{ ...value, apiVersion, kind, metadata: meta }] };
};
