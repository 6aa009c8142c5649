import { isRecord } from '../health/fields.ts';
import { type KubernetesObject, parseApiVersion, type ResourceRef, refOf, resourceKey } from '../kubernetes-object.ts';
import { type ArgoSettings, isExcluded } from '../settings/argo-settings.ts';
import { createdNamespace } from './created-namespace.ts';
import { definedScopes, flattenList } from './definitions.ts';
import { foldStringData } from './fold-string-data.ts';
import { isHook, isIgnored, phasesOf, waveOf } from './hooks.ts';
import type { SyncedApplication, SyncProblem, Target, TrackingSettings } from './sync-operation.ts';
import { resourceOptions } from './sync-options.ts';
import { withTracking } from './tracking.ts';

/** A served type, as discovery tells it. */
export interface ServedType {
  group: string;
  kind: string;
  namespaced: boolean;
}

export interface PrepareInput {
  application: SyncedApplication;
  /** As rendered, of all sources in their order. */
  objects: readonly KubernetesObject[];
  apiResources: readonly ServedType[];
  settings: TrackingSettings & Partial<Pick<ArgoSettings, 'exclusions' | 'inclusions'>>;
}

interface Scopes {
  served: ReadonlyMap<string, boolean>;
  defined: ReadonlyMap<string, boolean>;
}

/**
 * Rendered objects as they are applied, in render order: lists taken apart, in the destination's namespace where they name
 * none, without one where their kind has none, with the tracking id, classified as resource or hook. Of two of one name
 * the last counts. What is skipped or ignored stays a target with no phases, so that it is not pruned. With CreateNamespace
 * and no such Namespace among the objects, that namespace is a target too (`tracked: false`).
 */
export const prepareTargets = (input: PrepareInput): { targets: Target[]; problems: SyncProblem[] } => {
  const problems: SyncProblem[] = [];
  const objects = input.objects.flatMap(flattenList);
  const scopes: Scopes = {
    served: new Map(input.apiResources.map(({ group, kind, namespaced }) => [`${group}/${kind}`, namespaced])),
    defined: definedScopes(objects),
  };
  const targets = new Map<string, Target>();
  for (const object of objects) {
    const problem = refusal(object);
    if (problem) problems.push(problem);
    if (problem?.severity === 'error') continue;
    const target = prepare(input, object, scopes, problems);
    // Unnamed hooks are told apart by their place alone.
    const id = target.ref.name === '' ? `${target.key}#${targets.size}` : target.key;
    if (targets.has(id)) problems.push(repeated(target));
    targets.set(id, target);
  }
  const namespace = createdNamespace(input.application, [...targets.values()]);
  return { targets: [...targets.values(), ...(namespace ? [namespace] : [])], problems };
};

const refusal = (object: KubernetesObject): SyncProblem | undefined => {
  if (!object.apiVersion || !object.kind || !isRecord(object.metadata)) {
    const what = `${object.kind || 'an object'}${object.metadata?.name ? ` ${object.metadata.name}` : ''}`;
    return { severity: 'error', code: 'malformed-object', message: `${what} lacks apiVersion, kind or metadata` };
  }
  if (isIgnored(object))
    return { severity: 'warning', code: 'unknown-hook', message: `${nameOf(object)}: no such hook` };
  if (object.metadata.name || (isHook(object) && object.metadata.generateName)) return undefined;
  return {
    severity: 'error',
    code: 'unnamed-resource',
    message: `a ${object.kind} has no metadata.name (generateName serves hooks alone)`,
  };
};

const nameOf = ({ kind, metadata }: KubernetesObject): string =>
  `${kind} ${metadata.name ?? metadata.generateName ?? ''}`;

const repeated = ({ ref }: Target): SyncProblem => ({
  severity: 'warning',
  code: 'repeated-resource',
  message: `${ref.group}/${ref.kind}/${ref.namespace ?? ''}/${ref.name} is rendered more than once; the last one counts`,
});

const prepare = (
  { application, settings }: PrepareInput,
  object: KubernetesObject,
  scopes: Scopes,
  problems: SyncProblem[],
): Target => {
  const type = `${parseApiVersion(object.apiVersion).group}/${object.kind}`;
  const { namespace: given, ...metadata } = object.metadata;
  const scope = scopes.served.get(type) ?? scopes.defined.get(type);
  const namespaced = scope ?? Boolean(given);
  const namespace = namespaced ? given || application.destination.namespace || 'default' : undefined;
  const placed = { ...foldStringData(object), metadata: { ...metadata, ...(namespace ? { namespace } : {}) } };
  const ref = refOf(placed);
  const excluded = isLeftOut(ref, application, settings);
  if (excluded) problems.push(excludedProblem(ref));
  return {
    key: resourceKey(ref),
    ref,
    object: withTracking(placed, application, ref, settings),
    phases: excluded ? [] : phasesOf(object),
    hook: isHook(object),
    wave: waveOf(object),
    namespaced,
    tracked: true,
    kind: scopes.served.has(type) ? 'served' : scopes.defined.has(type) ? 'defined-here' : 'unknown',
    options: resourceOptions(object, application),
  };
};

const isLeftOut = (
  { group, kind }: ResourceRef,
  { destination }: SyncedApplication,
  { exclusions, inclusions }: PrepareInput['settings'],
): boolean =>
  isExcluded(
    { exclusions: exclusions ?? [], inclusions: inclusions ?? [] },
    { group, kind, server: destination.server ?? '' },
  );

const excludedProblem = ({ group, kind, name }: ResourceRef): SyncProblem => ({
  severity: 'warning',
  code: 'excluded-resource',
  message: `${group}/${kind} ${name} is left out: the settings exclude its kind`,
});
