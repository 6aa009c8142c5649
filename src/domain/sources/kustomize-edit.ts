import type { KustomizeOptions } from '../fleet/application.ts';
import { mappingsOf, textsOf } from './kustomization.ts';
import { isFields } from './objects.ts';
import { fail } from './trace.ts';

type Fields = Record<string, unknown>;

/**
 * A kustomization with an Application's `kustomize` options set in it, in Argo CD's order, each as the `kustomize edit`
 * command sets it. Variables are replaced before. Errors: `source-invalid` naming option and value.
 */
export const editKustomization = (fields: Fields, options: KustomizeOptions): Fields => {
  const edited: Fields = { ...fields };
  if (options.namePrefix) edited.namePrefix = options.namePrefix;
  if (options.nameSuffix) edited.nameSuffix = options.nameSuffix;
  if (options.images?.length) edited.images = setImages(fields.images, options.images);
  if (options.replicas?.length) edited.replicas = setReplicas(fields.replicas, options.replicas);
  if (options.commonLabels) Object.assign(edited, addLabels(fields, options, options.commonLabels));
  if (options.commonAnnotations) {
    const { commonAnnotations, forceCommonAnnotations = false } = options;
    edited.commonAnnotations = addPairs(
      fields.commonAnnotations,
      commonAnnotations,
      forceCommonAnnotations,
      'annotation',
    );
  }
  if (options.namespace) edited.namespace = options.namespace;
  if (options.patches?.length) edited.patches = [...listOf(fields.patches), ...options.patches];
  if (options.components?.length)
    edited.components = [...new Set([...textsOf(fields.components), ...options.components])];
  return edited;
};

/** True where no option changes the kustomization, which is then used as it stands in Git. */
export const changesNothing = (options: KustomizeOptions): boolean => {
  const lists = [options.images, options.replicas, options.patches, options.components];
  const maps = [options.commonLabels, options.commonAnnotations];
  const texts = [options.namePrefix, options.nameSuffix, options.namespace];
  return (
    !lists.some((list) => list?.length) && !maps.some((map) => map && Object.keys(map).length) && !texts.some(Boolean)
  );
};

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

interface ImageOverride {
  name: string;
  newName?: string;
  newTag?: string;
  digest?: string;
}

/** `name=new:tag@digest`, `name:tag`, `name@digest`. */
const parseImage = (text: string): ImageOverride => {
  const equals = text.indexOf('=');
  const { name, ...version } = splitImage(text.slice(equals + 1));
  if (equals < 0 && name !== '' && name !== text) return { name, ...version };
  if (equals <= 0) throw invalidImage(text);
  return { name: text.slice(0, equals), ...(name === '' ? {} : { newName: name }), ...version };
};

/** What follows the first `:` or `@` behind the registry's host, whose port is no tag; as kustomize 5.8 cuts it. */
const splitImage = (text: string): ImageOverride => {
  const host = Math.max(text.indexOf('/'), 0);
  const at = text.indexOf('@', host);
  const colon = text.slice(0, at < 0 ? undefined : at).indexOf(':', host);
  const end = colon >= 0 ? colon : at;
  const [newTag, digest] = [
    colon < 0 ? '' : text.slice(colon + 1, at < 0 ? undefined : at),
    at < 0 ? '' : text.slice(at + 1),
  ];
  return { name: end < 0 ? text : text.slice(0, end), ...(newTag ? { newTag } : {}), ...(digest ? { digest } : {}) };
};

const invalidImage = (text: string) =>
  fail('source-invalid', `kustomize.images: ${text} is neither name:tag, name@digest nor name=new-name:tag`);

/** An override replaces the entry of its name as a whole; `*` keeps what the entry says. */
const setImages = (present: unknown, overrides: readonly string[]): Fields[] => {
  const known = mappingsOf(present);
  const byName = new Map(overrides.map(parseImage).map((image) => [image.name, { ...image } as Fields]));
  for (const image of known) {
    const override = byName.get(String(image.name));
    if (!override) byName.set(String(image.name), image);
    else
      for (const field of ['newName', 'newTag', 'digest']) if (override[field] === '*') override[field] = image[field];
  }
  for (const image of byName.values()) {
    for (const field of ['newName', 'newTag', 'digest'])
      if (image[field] === '*' || image[field] === undefined) delete image[field];
  }
  return [...byName.values()].toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
};

const setReplicas = (present: unknown, overrides: NonNullable<KustomizeOptions['replicas']>): Fields[] => {
  const set = overrides.map(({ name, count }) => {
    const wanted = typeof count === 'number' ? count : Number(count);
    if (Number.isInteger(wanted) && String(count).trim() !== '') return { name, count: wanted };
    throw fail('source-invalid', `kustomize.replicas: count of ${name} is ${count}, not a whole number`);
  });
  return [...mappingsOf(present).filter(({ name }) => !set.some((one) => one.name === name)), ...set];
};

/** `edit add label`: into commonLabels, or with `labelWithoutSelector` into the `labels` entry of the same kind. */
const addLabels = (fields: Fields, options: KustomizeOptions, pairs: Record<string, string>): Fields => {
  const force = options.forceCommonLabels ?? false;
  const includeTemplates = options.labelIncludeTemplates ?? false;
  if (!options.labelWithoutSelector) {
    if (!includeTemplates) return { commonLabels: addPairs(fields.commonLabels, pairs, force, 'label') };
    throw fail('source-invalid', 'kustomize.labelIncludeTemplates needs labelWithoutSelector: true');
  }
  const labels = mappingsOf(fields.labels);
  const same = labels.find((entry) => !entry.includeSelectors && Boolean(entry.includeTemplates) === includeTemplates);
  const added = {
    ...(same ?? { includeSelectors: false, includeTemplates }),
    pairs: addPairs(same?.pairs, pairs, force, 'label'),
  };
  return { labels: same ? labels.map((entry) => (entry === same ? added : entry)) : [...labels, added] };
};

/** `edit add` takes the quotes off a value that has them at both ends. */
const unquoted = (pairs: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(pairs).map(([name, value]) => [name, value.replace(/^"(.*)"$/s, '$1')]));

const addPairs = (
  present: unknown,
  pairs: Record<string, string>,
  force: boolean,
  what: 'label' | 'annotation',
): Fields => {
  const known: Fields = isFields(present) ? present : {};
  const taken = Object.keys(pairs).find((name) => Object.hasOwn(known, name));
  if (taken === undefined || force) return { ...known, ...unquoted(pairs) };
  const option = what === 'label' ? 'forceCommonLabels' : 'forceCommonAnnotations';
  throw fail(
    'source-invalid',
    `kustomize: ${what} ${taken} is already in the kustomization: set ${option} to replace it`,
  );
};
