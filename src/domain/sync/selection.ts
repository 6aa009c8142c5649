import { type ResourceRef, resourceKey } from '../kubernetes-object.ts';

/** Objects by group, kind, namespace and name, each of them `*` for any; no namespace: whichever it is in. */
export interface ResourceSelector extends Pick<ResourceRef, 'group' | 'kind' | 'namespace' | 'name'> {
  /** All but these. */
  exclude?: boolean | undefined;
}

const isAny = (wanted: string | undefined, is: string): boolean => wanted === '*' || wanted === is;

const matches = (selector: ResourceSelector, { group, kind, namespace = '', name }: ResourceSelector): boolean =>
  isAny(selector.group, group) &&
  isAny(selector.kind, kind) &&
  isAny(selector.name, name) &&
  (!selector.namespace || isAny(selector.namespace, namespace));

const isExact = ({ group, kind, namespace, name }: ResourceSelector): boolean =>
  Boolean(namespace) && ![group, kind, namespace, name].includes('*');

/** Selectors as one question; self-heal names its objects exactly, and they may be thousands. */
const anyOf = (selectors: readonly ResourceSelector[]): ((ref: ResourceSelector) => boolean) => {
  const exact = new Set(selectors.filter(isExact).map(resourceKey));
  const loose = selectors.filter((selector) => !isExact(selector));
  return (ref) => exact.has(resourceKey(ref)) || loose.some((selector) => matches(selector, ref));
};

/**
 * Whether a selective sync takes an object: one that any selector names, or every one where all of them exclude, and none
 * that is excluded. Source: Argo CD docs, Selective Sync.
 */
export const selection = (selectors: readonly ResourceSelector[]): ((ref: ResourceSelector) => boolean) => {
  const including = selectors.filter(({ exclude }) => !exclude);
  const isIncluded = including.length === 0 ? () => true : anyOf(including);
  const isExcluded = anyOf(selectors.filter(({ exclude }) => exclude));
  return (ref) => isIncluded(ref) && !isExcluded(ref);
};
