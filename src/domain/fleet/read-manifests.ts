import type { Application, Origin } from './application.ts';
import type { ApplicationManifest, AppProjectManifest } from './manifest-schemas.ts';
import type { AppProject } from './project.ts';

const CONTROL_NAMESPACE = 'argocd';
const DEFAULT_HISTORY = 10;

/** An Application with defaults filled in and `source` folded into `sources` (which wins, as in Argo CD). */
export const readApplication = (manifest: ApplicationManifest, origin: Origin): Application => {
  const { metadata, spec } = manifest;
  const { automated, ...policy } = spec.syncPolicy ?? {};
  const sources = spec.sources?.length ? spec.sources : spec.source ? [spec.source] : [];
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? CONTROL_NAMESPACE,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    finalizers: metadata.finalizers ?? [],
    project: spec.project || 'default',
    sources,
    destination: { ...spec.destination, namespace: spec.destination.namespace ?? '' },
    syncPolicy: {
      syncOptions: policy.syncOptions ?? [],
      ...(policy.retry ? { retry: { ...policy.retry, limit: policy.retry.limit ?? 5 } } : {}),
      ...(policy.managedNamespaceMetadata ? { managedNamespaceMetadata: policy.managedNamespaceMetadata } : {}),
      ...(automated ? { automated: automatedOf(automated) } : {}),
    },
    ignoreDifferences: spec.ignoreDifferences ?? [],
    revisionHistoryLimit: spec.revisionHistoryLimit ?? DEFAULT_HISTORY,
    origin,
  };
};

const automatedOf = (given: {
  enabled?: boolean | undefined;
  prune?: boolean | undefined;
  selfHeal?: boolean | undefined;
  allowEmpty?: boolean | undefined;
}) => ({
  enabled: given.enabled ?? true,
  prune: given.prune ?? false,
  selfHeal: given.selfHeal ?? false,
  allowEmpty: given.allowEmpty ?? false,
});

/** An AppProject with defaults filled in; absent and empty white lists stay apart, since they mean different things. */
export const readProject = ({ metadata, spec }: AppProjectManifest): AppProject => {
  const { sourceRepos, sourceNamespaces, destinations, syncWindows, roles, orphanedResources, ...rest } = spec;
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? CONTROL_NAMESPACE,
    sourceRepos: sourceRepos ?? [],
    sourceNamespaces: sourceNamespaces ?? [],
    destinations: destinations ?? [],
    syncWindows: syncWindows ?? [],
    roles: (roles ?? []).map(({ name, description, policies, groups }) => ({ name, description, policies, groups })),
    ...(orphanedResources ? { orphanedResources } : {}),
    clusterResourceWhitelist: rest.clusterResourceWhitelist,
    clusterResourceBlacklist: rest.clusterResourceBlacklist,
    namespaceResourceWhitelist: rest.namespaceResourceWhitelist,
    namespaceResourceBlacklist: rest.namespaceResourceBlacklist,
    permitOnlyProjectScopedClusters: rest.permitOnlyProjectScopedClusters,
  };
};
