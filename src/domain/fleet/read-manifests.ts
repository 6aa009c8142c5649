import type { Application, Origin } from './application.ts';
import type { ApplicationManifest } from './application-schema.ts';
import { sourcesOf } from './application-sources.ts';
import type { AppProject } from './project.ts';
import type { AppProjectManifest } from './project-schema.ts';
import { readSubscriptions } from './subscriptions.ts';

/** The namespace of Argo CD's own objects, where a document names none. */
export const CONTROL_NAMESPACE = 'argocd';
const DEFAULT_HISTORY = 10;
const DEFAULT_RETRIES = 5;

/** An Application with defaults filled in and its sources in one list. */
export const applicationOf = (
  { metadata, spec }: Pick<ApplicationManifest, 'metadata' | 'spec'>,
  origin: Origin,
): Application => {
  const { automated, retry, ...policy } = spec.syncPolicy ?? {};
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? CONTROL_NAMESPACE,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    finalizers: metadata.finalizers ?? [],
    project: spec.project || 'default',
    sources: sourcesOf(spec),
    destination: { ...spec.destination, namespace: spec.destination.namespace ?? '' },
    syncPolicy: {
      syncOptions: policy.syncOptions ?? [],
      ...(retry ? { retry: { ...retry, limit: retry.limit ?? DEFAULT_RETRIES } } : {}),
      ...(policy.managedNamespaceMetadata ? { managedNamespaceMetadata: policy.managedNamespaceMetadata } : {}),
      ...(automated ? { automated: automatedOf(automated) } : {}),
    },
    ignoreDifferences: spec.ignoreDifferences ?? [],
    revisionHistoryLimit: spec.revisionHistoryLimit ?? DEFAULT_HISTORY,
    origin,
  };
};

type Automated = NonNullable<NonNullable<ApplicationManifest['spec']['syncPolicy']>['automated']>;

const automatedOf = ({ enabled, prune, selfHeal, allowEmpty }: Automated) => ({
  enabled: enabled ?? true,
  prune: prune ?? false,
  selfHeal: selfHeal ?? false,
  allowEmpty: allowEmpty ?? false,
});

/** An AppProject with defaults filled in; absent and empty white lists stay apart, since they mean different things. */
export const projectOf = (
  { metadata, spec }: Pick<AppProjectManifest, 'metadata' | 'spec'>,
  origin?: Origin,
): AppProject => {
  const { sourceRepos, sourceNamespaces, destinations, syncWindows, roles, orphanedResources } = spec;
  const notify = readSubscriptions(metadata.annotations ?? {});
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? CONTROL_NAMESPACE,
    ...(metadata.labels ? { labels: metadata.labels } : {}),
    sourceRepos: sourceRepos ?? [],
    sourceNamespaces: sourceNamespaces ?? [],
    destinations: destinations ?? [],
    syncWindows: syncWindows ?? [],
    roles: (roles ?? []).map(({ name, description, policies, groups }) => ({ name, description, policies, groups })),
    ...(orphanedResources ? { orphanedResources } : {}),
    ...(notify ? { notify } : {}),
    ...given(spec, [
      'clusterResourceWhitelist',
      'clusterResourceBlacklist',
      'namespaceResourceWhitelist',
      'namespaceResourceBlacklist',
      'permitOnlyProjectScopedClusters',
      'destinationServiceAccounts',
    ]),
    ...(wantsSignatures(spec) ? { wantsSignatures: true } : {}),
    ...(origin ? { origin } : {}),
  };
};

/** Whether commits have to be signed: by any of some keys, or by a policy that is not switched off. */
const wantsSignatures = ({ signatureKeys = [], sourceIntegrity }: AppProjectManifest['spec']): boolean =>
  signatureKeys.length > 0 || (sourceIntegrity?.git?.policies ?? []).some(({ gpg }) => gpg?.mode !== 'none');

/** The fields that are there, so that what is stored holds no undefined. */
const given = <T extends object, K extends keyof T>(fields: T, keys: readonly K[]): Partial<Pick<T, K>> => {
  const found: Partial<Pick<T, K>> = {};
  for (const key of keys) if (fields[key] !== undefined && fields[key] !== null) found[key] = fields[key];
  return found;
};
