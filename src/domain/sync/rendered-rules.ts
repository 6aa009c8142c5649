import type { Application } from '../fleet/application.ts';
import type { ClusterConfig } from '../fleet/fleet-file.ts';
import type { AppProject } from '../fleet/project.ts';
import { permitsObject, type Refusal } from '../fleet/project-rules.ts';
import { type KubernetesObject, refOf } from '../kubernetes-object.ts';
import { knownScope } from '../kubernetes-scopes.ts';
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

/**
 * What a project refuses of an application's rendered objects, as far as it can be told without its cluster: of a kind that
 * is neither Kubernetes' own nor defined beside it nobody knows whether it stands in a namespace, so it is refused only
 * where it would be either way. Whoever syncs asks the cluster, and checks again.
 */
export const refusedObjects = (judged: Judged, rendered: readonly KubernetesObject[]): RefusedObject[] => {
  if (permitsEverything(judged.project)) return [];
  const objects = rendered.flatMap(flattenList).filter(isComplete);
  const defined = definedScopes(objects);
  return objects.flatMap((object) => {
    const scope = defined.get(`${groupOf(object)}/${object.kind}`) ?? knownScope(object);
    const refusal = scope === undefined ? refusedEitherWay(judged, object) : refusedAs(judged, object, scope);
    return refusal ? [{ ...refusal, object }] : [];
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

/** What lacks even that is told by whoever prepares it for its cluster. */
const isComplete = ({ apiVersion, kind, metadata }: Partial<KubernetesObject>): boolean =>
  typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata === 'object' && metadata !== null;

const refusedEitherWay = (judged: Judged, object: KubernetesObject): Refusal | undefined => {
  const [inOne, inNone] = [refusedAs(judged, object, true), refusedAs(judged, object, false)];
  return inOne && inNone ? (object.metadata.namespace ? inOne : inNone) : undefined;
};

const refusedAs = (
  { project, application, cluster }: Judged,
  object: KubernetesObject,
  namespaced: boolean,
): Refusal | undefined => {
  const { namespace: given, ...ref } = refOf(object);
  const namespace = given || application.destination.namespace || 'default';
  return permitsObject(project, application, cluster, namespaced ? { ...ref, namespace } : ref, namespaced);
};
