import { matchGlob } from '../fleet/glob.ts';
import type { AppProject } from '../fleet/project.ts';
import { type KubernetesObject, parseApiVersion } from '../kubernetes-object.ts';
import type { TrackingSettings } from './sync-operation.ts';
import { ownerOf } from './tracking.ts';

/** In every namespace, made by Kubernetes itself: `group/kind/name`, and `group/kind` where the name does not matter. */
const EVERYWHERE: ReadonlySet<string> = new Set([
  '/ServiceAccount/default',
  '/ConfigMap/kube-root-ca.crt',
  '/Service/kubernetes',
  // Of a Service of the same name; unlike EndpointSlices they name no owner.
  '/Endpoints',
]);

const isIgnored = (object: KubernetesObject, { orphanedResources }: AppProject): boolean => {
  const { group } = parseApiVersion(object.apiVersion);
  const matches = (glob: string | undefined, text: string): boolean => !glob || matchGlob(glob, text);
  return (orphanedResources?.ignore ?? []).some(
    (rule) =>
      matchGlob(rule.group ?? '', group) &&
      matches(rule.kind, object.kind) &&
      matches(rule.name, object.metadata.name ?? ''),
  );
};

/**
 * Whether a live object of an application's namespace belongs to no application at all: nothing owns it, nothing tracks it,
 * Kubernetes does not make it by itself, and the project does not ignore it.
 * Source: Argo CD docs, Orphaned Resources Monitoring.
 */
export const isOrphan = (object: KubernetesObject, project: AppProject, settings: TrackingSettings): boolean => {
  const { name = '', ownerReferences = [] } = object.metadata;
  const kind = `${parseApiVersion(object.apiVersion).group}/${object.kind}`;
  if (ownerReferences.length > 0 || EVERYWHERE.has(kind) || EVERYWHERE.has(`${kind}/${name}`)) return false;
  return ownerOf(object, settings) === undefined && !isIgnored(object, project);
};

/** Whether a project wants to be told of orphans. */
export const warnsOfOrphans = ({ orphanedResources }: AppProject): boolean =>
  orphanedResources !== undefined && orphanedResources.warn !== false;
