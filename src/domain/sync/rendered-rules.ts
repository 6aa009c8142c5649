import type { Application } from '../fleet/application.ts';
import type { ClusterConfig } from '../fleet/fleet-file.ts';
import type { AppProject } from '../fleet/project.ts';
import { permitsObject, type Refusal } from '../fleet/project-rules.ts';
import { type KubernetesObject, type ResourceRef, refOf, resourceKey } from '../kubernetes-object.ts';
import { knownScope } from '../kubernetes-scopes.ts';
import { stableText } from '../stable-digest.ts';
import { definedScopes, flattenList, groupOf } from './definitions.ts';

/** What is refused, and why. */
export interface RefusedObject extends Refusal {
  object: KubernetesObject;
}

/** Code of the failure of an application that renders to what its project refuses. */
export const NOT_PERMITTED = 'object-not-permitted';

interface Judged {
  project: AppProject;
  application: Pick<Application, 'destination'>;
  cluster: ClusterConfig;
}

/** An object of a render as projects judge it. */
export interface RenderedKind extends Omit<ResourceRef, 'version'> {
  /** Whether its kind stands in namespaces; absent: only the cluster knows. */
  namespaced?: boolean;
}

/**
 * What a project refuses of an application's rendered objects, as far as it can be told without its cluster: of a kind that
 * is neither Kubernetes' own nor defined beside it nobody knows whether it stands in a namespace, so it is refused only
 * where it would be either way. Whoever syncs asks the cluster, and checks again.
 */
export const refusedObjects = (judged: Judged, rendered: readonly KubernetesObject[]): RefusedObject[] => {
  if (permitsEverything(judged.project)) return [];
  return judgeable(rendered).flatMap(({ object, kind }) => {
    const refusal = refusedKind(judged, kind);
    return refusal ? [{ ...refusal, object }] : [];
  });
};

/** The first of a render's kinds that a project refuses, as `refusedObjects` judges it; undefined: it permits all of them. */
export const firstRefusedKind = (judged: Judged, kinds: readonly RenderedKind[]): Refusal | undefined => {
  if (permitsEverything(judged.project)) return undefined;
  for (const kind of kinds) {
    const refusal = refusedKind(judged, kind);
    if (refusal) return refusal;
  }
  return undefined;
};

const KINDS_AT_MOST = 100;
/** Names and kinds are what somebody wrote, and a row has its limit. */
const KINDS_CHARS = 20_000;

/**
 * What projects have to know of rendered objects: one of every kind and namespace, and, as rules may name them, all that
 * need not stand in a namespace. Undefined where that is more than a row should hold: whoever has the objects judges them.
 */
export const kindsOf = (rendered: readonly KubernetesObject[]): RenderedKind[] | undefined => {
  const kinds = new Map<string, RenderedKind>();
  for (const { kind } of judgeable(rendered)) {
    const key = resourceKey(kind.namespaced ? { ...kind, name: '' } : kind);
    if (!kinds.has(key)) kinds.set(key, kind);
    if (kinds.size > KINDS_AT_MOST) return undefined;
  }
  const known = [...kinds.values()];
  return stableText(known).length > KINDS_CHARS ? undefined : known;
};

const judgeable = (rendered: readonly KubernetesObject[]): { object: KubernetesObject; kind: RenderedKind }[] => {
  const objects = rendered.flatMap(flattenList).filter(isComplete);
  const defined = definedScopes(objects);
  return objects.map((object) => {
    const namespaced = defined.get(`${groupOf(object)}/${object.kind}`) ?? knownScope(object);
    const { version: _version, ...ref } = refOf(object);
    return { object, kind: { ...ref, ...(namespaced === undefined ? {} : { namespaced }) } };
  });
};

/** Whether there is nothing that a project refuses, as is usual: then nobody need look. */
export const permitsEverything = (project: AppProject): boolean => {
  const { destinations, clusterResourceWhitelist = [], clusterResourceBlacklist = [] } = project;
  const { namespaceResourceWhitelist, namespaceResourceBlacklist = [], permitOnlyProjectScopedClusters } = project;
  const isOpen = destinations.some(({ server, namespace }) => server === '*' && namespace === '*');
  const hasDenial = destinations.some((one) =>
    [one.name, one.server, one.namespace].some((text) => text?.startsWith('!')),
  );
  const takesAll = clusterResourceWhitelist.some(({ group, kind, name }) => group === '*' && kind === '*' && !name);
  const lists = [...clusterResourceBlacklist, ...namespaceResourceBlacklist];
  return (
    isOpen &&
    !hasDenial &&
    takesAll &&
    lists.length === 0 &&
    !namespaceResourceWhitelist &&
    !permitOnlyProjectScopedClusters
  );
};

/** The names of the projects that judge objects by other rules than before: another verdict may follow for the same render. */
export const projectsWithNewRules = (before: readonly AppProject[], after: readonly AppProject[]): Set<string> => {
  const known = new Map(before.map((project) => [project.name, objectRules(project)]));
  const changed = after.filter(
    (project) => known.has(project.name) && known.get(project.name) !== objectRules(project),
  );
  return new Set(changed.map(({ name }) => name));
};

const objectRules = (project: AppProject): string => {
  const { destinations, clusterResourceWhitelist, clusterResourceBlacklist } = project;
  const { namespaceResourceWhitelist, namespaceResourceBlacklist, permitOnlyProjectScopedClusters } = project;
  return stableText({
    destinations,
    clusterResourceWhitelist,
    clusterResourceBlacklist,
    namespaceResourceWhitelist,
    namespaceResourceBlacklist,
    permitOnlyProjectScopedClusters,
  });
};

/** What lacks even that is told by whoever prepares it for its cluster. */
const isComplete = ({ apiVersion, kind, metadata }: Partial<KubernetesObject>): boolean =>
  typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata === 'object' && metadata !== null;

const refusedKind = (judged: Judged, kind: RenderedKind): Refusal | undefined => {
  if (kind.namespaced !== undefined) return refusedAs(judged, kind, kind.namespaced);
  const [inOne, inNone] = [refusedAs(judged, kind, true), refusedAs(judged, kind, false)];
  return inOne && inNone ? (kind.namespace ? inOne : inNone) : undefined;
};

const refusedAs = (
  { project, application, cluster }: Judged,
  { namespace: given, group, kind, name }: RenderedKind,
  namespaced: boolean,
): Refusal | undefined => {
  const namespace = given || application.destination.namespace || 'default';
  const ref = { group, kind, name, ...(namespaced ? { namespace } : {}) };
  return permitsObject(project, application, cluster, ref, namespaced);
};
