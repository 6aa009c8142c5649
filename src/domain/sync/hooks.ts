import { type Annotated, annotationOf, annotationWords } from './annotations.ts';
import type { SyncPhase } from './sync-operation.ts';

const HOOK = 'argocd.argoproj.io/hook';
const HELM_HOOK = 'helm.sh/hook';
const DELETE_POLICY = 'argocd.argoproj.io/hook-delete-policy';
const HELM_DELETE_POLICY = 'helm.sh/hook-delete-policy';
const WAVE = 'argocd.argoproj.io/sync-wave';
const HELM_WEIGHT = 'helm.sh/hook-weight';

/** Keeps a hook's object until its outcome was read. */
export const HOOK_FINALIZER = 'argocd.argoproj.io/hook-finalizer';

export type HookType = SyncPhase | 'Skip';
export type HookDeletePolicy = 'BeforeHookCreation' | 'HookSucceeded' | 'HookFailed';

const HOOK_TYPES: readonly HookType[] = ['PreSync', 'Sync', 'PostSync', 'SyncFail', 'PreDelete', 'PostDelete', 'Skip'];

const HELM_TYPES: ReadonlyMap<string, HookType> = new Map([
  ['pre-install', 'PreSync'],
  ['pre-upgrade', 'PreSync'],
  ['post-install', 'PostSync'],
  ['post-upgrade', 'PostSync'],
  ['pre-delete', 'PreDelete'],
  ['post-delete', 'PostDelete'],
]);

const HELM_POLICIES: ReadonlyMap<string, HookDeletePolicy> = new Map([
  ['before-hook-creation', 'BeforeHookCreation'],
  ['hook-succeeded', 'HookSucceeded'],
  ['hook-failed', 'HookFailed'],
]);

const POLICIES: readonly HookDeletePolicy[] = ['BeforeHookCreation', 'HookSucceeded', 'HookFailed'];

/** A word of the hook annotation, exactly as Argo CD writes it; undefined: it is none. */
export const parseHookType = (word: string): HookType | undefined => HOOK_TYPES.find((type) => type === word);

/** A word of the delete policy annotation; undefined: it is none. */
export const parseHookDeletePolicy = (word: string): HookDeletePolicy | undefined =>
  POLICIES.find((policy) => policy === word);

/**
 * When an object wants to run as a hook: Argo CD's annotation, else Helm's mapped to it; words that are neither are left
 * out. Source: Argo CD docs, Helm Hooks.
 */
export const hookTypes = (object: Annotated): HookType[] => {
  const own = annotationWords(object, HOOK).flatMap((word) => parseHookType(word) ?? []);
  if (own.length > 0) return own;
  return [...new Set(annotationWords(object, HELM_HOOK).flatMap((word) => HELM_TYPES.get(word) ?? []))];
};

/** `Skip` and nothing else: the object is not applied. */
export const isSkipped = (object: Annotated): boolean => {
  const types = hookTypes(object);
  return types.length === 1 && types[0] === 'Skip';
};

/** Whether it is no plain resource; Helm's `crd-install` is one. */
export const isHook = (object: Annotated): boolean => {
  if (annotationOf(object, HOOK) !== undefined) return !isSkipped(object);
  const helm = annotationOf(object, HELM_HOOK);
  return helm !== undefined && helm !== 'crd-install';
};

/** A hook of no known type: neither applied nor compared. */
export const isIgnored = (object: Annotated): boolean => isHook(object) && hookTypes(object).length === 0;

/** The phases of an operation in which an object is applied, each once; none where it is skipped or ignored. */
export const phasesOf = (object: Annotated): SyncPhase[] => {
  if (isSkipped(object)) return [];
  if (!isHook(object)) return ['Sync'];
  return hookTypes(object).flatMap((type) => (type === 'Skip' ? [] : [type]));
};

/** When a hook's object is deleted; before its next creation where nothing is said. */
export const hookDeletePolicies = (object: Annotated): HookDeletePolicy[] => {
  const own = annotationWords(object, DELETE_POLICY).flatMap((word) => parseHookDeletePolicy(word) ?? []);
  const helm = annotationWords(object, HELM_DELETE_POLICY).flatMap((word) => HELM_POLICIES.get(word) ?? []);
  const policies = [...new Set([...own, ...helm])];
  return policies.length > 0 ? policies : ['BeforeHookCreation'];
};

/** Whether a hook has this delete policy; a plain resource has none. */
export const hasHookDeletePolicy = (object: Annotated, policy: HookDeletePolicy): boolean =>
  isHook(object) && hookDeletePolicies(object).includes(policy);

const readInteger = (text: string | undefined): number | undefined =>
  text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;

/** An object's wave: its sync-wave, else Helm's hook weight, else 0; what is no whole number counts as absent. */
export const waveOf = (object: Annotated): number =>
  readInteger(annotationOf(object, WAVE)) ?? readInteger(annotationOf(object, HELM_WEIGHT)) ?? 0;
