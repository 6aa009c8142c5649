import type { CompiledApplication } from '../fleet/snapshot.ts';
import { type KubernetesObject, refOf, resourceKey } from '../kubernetes-object.ts';
import { kindRank } from './kind-order.ts';
import type { Target } from './operation.ts';

export const TRACKING_ANNOTATION = 'argocd.argoproj.io/tracking-id';
const WAVE_ANNOTATION = 'argocd.argoproj.io/sync-wave';

/** A served type, as discovery tells it. */
export interface ServedType {
  group: string;
  kind: string;
  namespaced: boolean;
}

/** Argo CD's name of an application in tracking ids: `<namespace>_<name>` outside the control namespace. */
export const trackedName = ({ namespace, name }: { namespace: string; name: string }): string =>
  namespace === 'argocd' ? name : `${namespace}_${name}`;

/** `<app>:<group>/<kind>:<namespace>/<name>`. Source: Argo CD docs, Resource Tracking. */
export const trackingId = (
  application: { namespace: string; name: string },
  ref: { group: string; kind: string; namespace?: string; name: string },
): string => `${trackedName(application)}:${ref.group}/${ref.kind}:${ref.namespace ?? ''}/${ref.name}`;

/**
 * Rendered objects as they are applied: in the destination's namespace where they name none, without one where their kind
 * has none, with the tracking id; the last of two objects of one name counts. Ordered by wave, kind and name; with
 * CreateNamespace the namespace comes first.
 */
export const prepareTargets = (
  application: CompiledApplication,
  objects: readonly KubernetesObject[],
  types: readonly ServedType[],
): Target[] => {
  const scopes = new Map(types.map(({ group, kind, namespaced }) => [`${group}/${kind}`, namespaced]));
  for (const [key, namespaced] of definedScopes(objects)) scopes.set(key, namespaced);
  const targets = new Map<string, Target>();
  for (const object of createdNamespace(application, objects)) {
    const ref = refOf(object);
    targets.set(resourceKey(ref), {
      key: resourceKey(ref),
      ref,
      object,
      wave: FIRST_WAVE,
      namespaced: false,
      tracked: false,
    });
  }
  for (const object of objects) {
    const target = prepare(application, object, scopes);
    targets.set(target.key, target);
  }
  return [...targets.values()].toSorted(byOrder);
};

const prepare = (
  application: CompiledApplication,
  object: KubernetesObject,
  scopes: ReadonlyMap<string, boolean>,
): Target => {
  const { namespace: given, ...metadata } = object.metadata;
  const { group } = refOf(object);
  const namespaced = scopes.get(`${group}/${object.kind}`) ?? given !== undefined;
  const namespace = namespaced ? given || application.destination.namespace || 'default' : undefined;
  const ref = refOf({ ...object, metadata: { ...metadata, ...(namespace ? { namespace } : {}) } });
  const annotations = { ...object.metadata.annotations, [TRACKING_ANNOTATION]: trackingId(application, ref) };
  const prepared = { ...object, metadata: { ...metadata, ...(namespace ? { namespace } : {}), annotations } };
  const wave = Number.parseInt(object.metadata.annotations?.[WAVE_ANNOTATION] ?? '0', 10);
  return {
    key: resourceKey(ref),
    ref,
    object: prepared,
    wave: Number.isNaN(wave) ? 0 : wave,
    namespaced,
    tracked: true,
  };
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Kinds whose definition is among the objects: discovery does not know them yet. */
const definedScopes = (objects: readonly KubernetesObject[]): [string, boolean][] =>
  objects.flatMap(({ kind, spec }) => {
    if (kind !== 'CustomResourceDefinition' || !isRecord(spec) || !isRecord(spec.names)) return [];
    return [[`${String(spec.group)}/${String(spec.names.kind)}`, spec.scope === 'Namespaced']];
  });

const createdNamespace = (
  application: CompiledApplication,
  objects: readonly KubernetesObject[],
): KubernetesObject[] => {
  const { destination, syncPolicy } = application;
  if (!syncPolicy.syncOptions.includes('CreateNamespace=true') || destination.namespace === '') return [];
  const isThere = objects.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === destination.namespace);
  if (isThere) return [];
  const { labels, annotations } = syncPolicy.managedNamespaceMetadata ?? {};
  const metadata = {
    name: destination.namespace,
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
  };
  return [{ apiVersion: 'v1', kind: 'Namespace', metadata }];
};

/** Before every wave that a manifest can name. */
const FIRST_WAVE = Number.MIN_SAFE_INTEGER;

const byOrder = (a: Target, b: Target): number =>
  a.wave - b.wave || kindRank(a.ref.kind) - kindRank(b.ref.kind) || (a.ref.name < b.ref.name ? -1 : 1);
