import type { KubernetesObject } from '../kubernetes-object.ts';

/** An object as it may come from a template: without metadata, or with null for its annotations. */
export type Annotated = Pick<KubernetesObject, 'kind'> & { metadata?: { annotations?: unknown } };

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** One annotation's text; undefined where it is absent or no string. */
export const annotationOf = (object: Annotated, key: string): string | undefined => {
  const annotations = object.metadata?.annotations;
  const value = isRecord(annotations) ? annotations[key] : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** The distinct words of an annotation, separated by commas, without the spaces around them. */
export const annotationWords = (object: Annotated, key: string): string[] => {
  const words = (annotationOf(object, key) ?? '').split(',').map((word) => word.trim());
  return [...new Set(words.filter((word) => word !== ''))];
};

/** Whether an annotation has this very word, as `Prune=false` in `argocd.argoproj.io/sync-options`. */
export const hasAnnotationOption = (object: Annotated, key: string, word: string): boolean =>
  annotationWords(object, key).includes(word);

/** The value of an annotation's first `option=value`; undefined: there is none. */
export const annotationOptionValue = (object: Annotated, key: string, option: string): string | undefined =>
  annotationWords(object, key)
    .find((word) => word.startsWith(`${option}=`))
    ?.slice(option.length + 1);
