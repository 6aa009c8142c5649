/**
 * Argo CD's Application as Towline holds it after compilation: defaults filled in, `source` folded into `sources`.
 * Field names and meanings: https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/
 */
export interface Application {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  finalizers: string[];
  project: string;
  sources: ApplicationSource[];
  destination: Destination;
  syncPolicy: SyncPolicy;
  ignoreDifferences: ResourceIgnoreDifferences[];
  revisionHistoryLimit: number;
  /** Id of the ApplicationSet that made it; absent where it is written itself. */
  applicationSet?: string;
  /** That set is gone, and its policy lets nothing be deleted: the application stays as it was last made. */
  outlivesSet?: true;
  /** Where the document was read, for messages. */
  origin: Origin;
}

export interface Origin {
  file: string;
  line: number;
  /** Id of the Application that delivered the document (app of apps), where it stands in no file of the fleet's own. */
  registeredBy?: string;
}

export interface Destination {
  server?: string;
  name?: string;
  namespace: string;
}

export interface ApplicationSource {
  repoURL: string;
  path?: string;
  targetRevision?: string;
  chart?: string;
  ref?: string;
  name?: string;
  tagPrefix?: string;
  helm?: HelmOptions;
  kustomize?: KustomizeOptions;
  directory?: DirectoryOptions;
  plugin?: PluginOptions;
}

/** A config management plugin: read, so that its use can be named; Towline runs none. */
export interface PluginOptions {
  name?: string;
  env?: { name: string; value: string }[];
  parameters?: Record<string, unknown>[];
}

export interface HelmOptions {
  valueFiles?: string[];
  values?: string;
  valuesObject?: Record<string, unknown>;
  parameters?: { name: string; value?: string; forceString?: boolean }[];
  fileParameters?: { name: string; path: string }[];
  releaseName?: string;
  namespace?: string;
  version?: string;
  passCredentials?: boolean;
  ignoreMissingValueFiles?: boolean;
  skipCrds?: boolean;
  skipTests?: boolean;
  skipSchemaValidation?: boolean;
  kubeVersion?: string;
  apiVersions?: string[];
}

export interface KustomizeOptions {
  namePrefix?: string;
  nameSuffix?: string;
  images?: string[];
  replicas?: { name: string; count: number | string }[];
  commonLabels?: Record<string, string>;
  forceCommonLabels?: boolean;
  labelWithoutSelector?: boolean;
  labelIncludeTemplates?: boolean;
  commonAnnotations?: Record<string, string>;
  forceCommonAnnotations?: boolean;
  commonAnnotationsEnvsubst?: boolean;
  namespace?: string;
  patches?: { path?: string; patch?: string; target?: Record<string, string>; options?: Record<string, boolean> }[];
  components?: string[];
  ignoreMissingComponents?: boolean;
  version?: string;
  kubeVersion?: string;
  apiVersions?: string[];
}

export interface DirectoryOptions {
  recurse?: boolean;
  include?: string;
  exclude?: string;
  jsonnet?: Record<string, unknown>;
}

export interface SyncPolicy {
  automated?: { enabled: boolean; prune: boolean; selfHeal: boolean; allowEmpty: boolean };
  syncOptions: string[];
  retry?: { limit: number; refresh?: boolean; backoff?: { duration?: string; factor?: number; maxDuration?: string } };
  managedNamespaceMetadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
}

export interface ResourceIgnoreDifferences {
  group?: string;
  kind: string;
  name?: string;
  namespace?: string;
  jsonPointers?: string[];
  jqPathExpressions?: string[];
  managedFieldsManagers?: string[];
}

/** `namespace/name`: the id of an application in rows, messages and the API. */
export const applicationId = (application: Pick<Application, 'namespace' | 'name'>): string =>
  `${application.namespace}/${application.name}`;
