import type { KubernetesObject } from '../kubernetes-object.ts';
import type { SyncedApplication, Target } from './sync-operation.ts';
import { applicationOptions, resourceOptions } from './sync-options.ts';

/**
 * The destination's namespace as CreateNamespace makes it, with `managedNamespaceMetadata`; undefined where the option is
 * off or the namespace is among the targets. Not tracked: it belongs to nobody and outlives the application.
 */
export const createdNamespace = (application: SyncedApplication, targets: readonly Target[]): Target | undefined => {
  const { destination, syncPolicy } = application;
  if (!applicationOptions(application).createNamespace || destination.namespace === '') return undefined;
  const key = `/Namespace//${destination.namespace}`;
  if (targets.some((target) => target.key === key)) return undefined;
  const { labels, annotations } = syncPolicy.managedNamespaceMetadata ?? {};
  const object: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: destination.namespace, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) },
  };
  return {
    key,
    ref: { group: '', version: 'v1', kind: 'Namespace', name: destination.namespace },
    object,
    phases: [],
    hook: false,
    wave: 0,
    namespaced: false,
    tracked: false,
    kind: 'served',
    options: resourceOptions(object, application),
  };
};

/** Whether the live namespace lacks something of what CreateNamespace gives it. */
export const lacksMetadata = (target: KubernetesObject, live: KubernetesObject): boolean => {
  const { labels = {}, annotations = {} } = target.metadata;
  const missing = (wanted: Record<string, string>, there: Record<string, string> = {}) =>
    Object.entries(wanted).some(([name, value]) => there[name] !== value);
  return missing(labels, live.metadata.labels) || missing(annotations, live.metadata.annotations);
};
