import * as v from 'valibot';

const text = v.string();
const texts = v.array(text);
const labels = v.record(text, text);
const flag = v.boolean();
const open = v.record(text, v.unknown());

const metadata = v.object({
  name: v.pipe(text, v.nonEmpty('a name')),
  namespace: v.optional(text),
  labels: v.optional(labels),
  annotations: v.optional(labels),
  finalizers: v.optional(texts),
});

const helm = v.object({
  valueFiles: v.optional(texts),
  values: v.optional(text),
  valuesObject: v.optional(open),
  parameters: v.optional(
    v.array(v.object({ name: text, value: v.optional(text), forceString: v.optional(flag) })),
  ),
  fileParameters: v.optional(v.array(v.object({ name: text, path: text }))),
  releaseName: v.optional(text),
  namespace: v.optional(text),
  version: v.optional(text),
  passCredentials: v.optional(flag),
  ignoreMissingValueFiles: v.optional(flag),
  skipCrds: v.optional(flag),
  skipTests: v.optional(flag),
  skipSchemaValidation: v.optional(flag),
  kubeVersion: v.optional(text),
  apiVersions: v.optional(texts),
});

const kustomize = v.object({
  namePrefix: v.optional(text),
  nameSuffix: v.optional(text),
  images: v.optional(texts),
  replicas: v.optional(v.array(v.object({ name: text, count: v.union([v.number(), text]) }))),
  commonLabels: v.optional(labels),
  forceCommonLabels: v.optional(flag),
  labelWithoutSelector: v.optional(flag),
  labelIncludeTemplates: v.optional(flag),
  commonAnnotations: v.optional(labels),
  forceCommonAnnotations: v.optional(flag),
  commonAnnotationsEnvsubst: v.optional(flag),
  namespace: v.optional(text),
  patches: v.optional(
    v.array(
      v.object({
        path: v.optional(text),
        patch: v.optional(text),
        target: v.optional(labels),
        options: v.optional(v.record(text, flag)),
      }),
    ),
  ),
  components: v.optional(texts),
  ignoreMissingComponents: v.optional(flag),
  version: v.optional(text),
  kubeVersion: v.optional(text),
  apiVersions: v.optional(texts),
});

const directory = v.object({
  recurse: v.optional(flag),
  include: v.optional(text),
  exclude: v.optional(text),
  jsonnet: v.optional(open),
});

const source = v.object({
  repoURL: v.pipe(text, v.nonEmpty('a repository URL')),
  path: v.optional(text),
  targetRevision: v.optional(text),
  chart: v.optional(text),
  ref: v.optional(text),
  name: v.optional(text),
  tagPrefix: v.optional(text),
  helm: v.optional(helm),
  kustomize: v.optional(kustomize),
  directory: v.optional(directory),
  plugin: v.optional(open),
});

const syncPolicy = v.object({
  automated: v.optional(
    v.nullable(
      v.object({
        enabled: v.optional(flag),
        prune: v.optional(flag),
        selfHeal: v.optional(flag),
        allowEmpty: v.optional(flag),
      }),
    ),
  ),
  syncOptions: v.optional(texts),
  retry: v.optional(
    v.object({
      limit: v.optional(v.number()),
      refresh: v.optional(flag),
      backoff: v.optional(
        v.object({ duration: v.optional(text), factor: v.optional(v.number()), maxDuration: v.optional(text) }),
      ),
    }),
  ),
  managedNamespaceMetadata: v.optional(
    v.object({ labels: v.optional(labels), annotations: v.optional(labels) }),
  ),
});

/** Argo CD's Application, as far as Towline reads it. */
export const ApplicationSchema = v.object({
  apiVersion: v.literal('argoproj.io/v1alpha1'),
  kind: v.literal('Application'),
  metadata,
  spec: v.object({
    project: v.optional(text),
    source: v.optional(source),
    sources: v.optional(v.array(source)),
    sourceHydrator: v.optional(open),
    destination: v.object({ server: v.optional(text), name: v.optional(text), namespace: v.optional(text) }),
    syncPolicy: v.optional(syncPolicy),
    ignoreDifferences: v.optional(
      v.array(
        v.object({
          group: v.optional(text),
          kind: text,
          name: v.optional(text),
          namespace: v.optional(text),
          jsonPointers: v.optional(texts),
          jqPathExpressions: v.optional(texts),
          managedFieldsManagers: v.optional(texts),
        }),
      ),
    ),
    info: v.optional(v.array(v.object({ name: text, value: text }))),
    revisionHistoryLimit: v.optional(v.number()),
  }),
  status: v.optional(v.unknown()),
  operation: v.optional(v.unknown()),
});

const groupKinds = v.optional(v.array(v.object({ group: text, kind: text, name: v.optional(text) })));

/** Argo CD's AppProject, as far as Towline reads it. */
export const AppProjectSchema = v.object({
  apiVersion: v.literal('argoproj.io/v1alpha1'),
  kind: v.literal('AppProject'),
  metadata,
  spec: v.object({
    description: v.optional(text),
    sourceRepos: v.optional(texts),
    sourceNamespaces: v.optional(texts),
    destinations: v.optional(
      v.array(v.object({ server: v.optional(text), name: v.optional(text), namespace: v.optional(text) })),
    ),
    clusterResourceWhitelist: groupKinds,
    clusterResourceBlacklist: groupKinds,
    namespaceResourceWhitelist: groupKinds,
    namespaceResourceBlacklist: groupKinds,
    syncWindows: v.optional(
      v.array(
        v.object({
          kind: v.picklist(['allow', 'deny']),
          schedule: text,
          duration: text,
          applications: v.optional(texts),
          namespaces: v.optional(texts),
          clusters: v.optional(texts),
          manualSync: v.optional(flag),
          timeZone: v.optional(text),
          andOperator: v.optional(flag),
          syncOverrun: v.optional(flag),
          description: v.optional(text),
        }),
      ),
    ),
    orphanedResources: v.optional(
      v.nullable(
        v.object({
          warn: v.optional(flag),
          ignore: v.optional(
            v.array(v.object({ group: v.optional(text), kind: v.optional(text), name: v.optional(text) })),
          ),
        }),
      ),
    ),
    permitOnlyProjectScopedClusters: v.optional(flag),
    roles: v.optional(
      v.array(
        v.object({
          name: text,
          description: v.optional(text),
          policies: v.optional(texts),
          groups: v.optional(texts),
          jwtTokens: v.optional(v.array(v.unknown())),
        }),
      ),
    ),
    signatureKeys: v.optional(v.array(v.unknown())),
    sourceIntegrity: v.optional(v.unknown()),
    destinationServiceAccounts: v.optional(v.array(v.unknown())),
  }),
  status: v.optional(v.unknown()),
});

export type ApplicationManifest = v.InferOutput<typeof ApplicationSchema>;
export type AppProjectManifest = v.InferOutput<typeof AppProjectSchema>;
