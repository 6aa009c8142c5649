import { type KubernetesObject, parseApiVersion } from '../kubernetes-object.ts';
import { matchGlob } from './glob.ts';

/** Which differences of a resource do not count: Argo CD's `ignoreDifferences` without the kind it is for. */
export interface IgnoreRules {
  jsonPointers: string[];
  jqPathExpressions: string[];
  managedFieldsManagers: string[];
}

/** What `resource.customizations` says of one `group/Kind` (core: `Kind`), which may be a glob; `*` + `/*` is "all". */
export interface ResourceOverride {
  groupKind: string;
  health?: { lua: string; openLibs: boolean };
  ignoreDifferences: IgnoreRules;
  ignoreResourceUpdates: IgnoreRules;
  knownTypeFields: { field: string; type: string }[];
}

/** One entry of `resource.exclusions` or `resource.inclusions`; an empty list means any. All are globs. */
export interface FilteredResource {
  apiGroups: string[];
  kinds: string[];
  clusters: string[];
}

export interface CompareOptions {
  ignoreAggregatedRoles: boolean;
  /** Whose `status` a comparison leaves out. */
  ignoreResourceStatusField: 'all' | 'crd' | 'none';
  ignoreDifferencesOnResourceUpdates: boolean;
}

export type TrackingMethod = 'annotation' | 'label' | 'annotation+label';

/** An entry of `globalProjects`: the project whose rules are added to those that the selector takes. */
export interface GlobalProject {
  projectName: string;
  labelSelector: {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };
}

/** What of `argocd-cm` bears on how sources are read. */
export interface SourceSettings {
  /** `helm.valuesFileSchemes`: the URL schemes of value files. Absent: https and http. */
  valuesFileSchemes?: string[];
  /** The tools that `kustomize.enable`, `helm.enable` and `jsonnet.enable` turn off: their sources are plain directories. */
  disabled?: ('kustomize' | 'helm' | 'jsonnet')[];
}

/** What of Argo CD's `argocd-cm` bears on comparing and judging resources. */
export interface ArgoSettings {
  /** In the order they are written. */
  resourceOverrides: ResourceOverride[];
  exclusions: FilteredResource[];
  inclusions: FilteredResource[];
  compareOptions: CompareOptions;
  trackingMethod: TrackingMethod;
  /** '' where none is set. */
  installationID: string;
  instanceLabelKey: string;
  /** Annotations whose values are masked like a Secret's. */
  sensitiveAnnotations: string[];
  /** `application.sync.impersonation.enabled`: syncs must run as the project's service account. */
  impersonation?: true;
  globalProjects?: GlobalProject[];
  /** How sources are read. Absent: as Argo CD does by default. */
  sources?: SourceSettings;
  /** `timeout.reconciliation`: seconds between two comparisons; 0: none without being asked. Absent: Towline's own. */
  reconciliationSeconds?: number;
}

/** Argo CD's settings where `argocd-cm` says nothing (3.x). */
export const defaultSettings = (): ArgoSettings => ({
  resourceOverrides: [],
  exclusions: [],
  inclusions: [],
  compareOptions: {
    ignoreAggregatedRoles: false,
    ignoreResourceStatusField: 'all',
    ignoreDifferencesOnResourceUpdates: true,
  },
  trackingMethod: 'annotation',
  installationID: '',
  instanceLabelKey: 'app.kubernetes.io/instance',
  sensitiveAnnotations: [],
});

/** `group/Kind` as overrides name it; the core group's kinds stand alone. */
export const groupKindOf = (object: Pick<KubernetesObject, 'apiVersion' | 'kind'>): string => {
  const { group } = parseApiVersion(object.apiVersion);
  return group ? `${group}/${object.kind}` : object.kind;
};

/** Never managed, whatever the settings say: they change all the time and belong to nobody. */
const ALWAYS_EXCLUDED: readonly FilteredResource[] = [
  { apiGroups: ['events.k8s.io', 'metrics.k8s.io'], kinds: [], clusters: [] },
  { apiGroups: [''], kinds: ['Event'], clusters: [] },
  { apiGroups: ['coordination.k8s.io'], kinds: ['Lease'], clusters: [] },
];

const anyMatch = (globs: readonly string[], text: string): boolean =>
  globs.length === 0 || globs.some((glob) => matchGlob(glob, text));

const matches = (filter: FilteredResource, group: string, kind: string, server: string): boolean =>
  anyMatch(filter.apiGroups, group) && anyMatch(filter.kinds, kind) && anyMatch(filter.clusters, server);

/** Whether the settings leave a kind out on a cluster (its API server's URL): not included, or excluded. */
export const isExcluded = (
  settings: Pick<ArgoSettings, 'exclusions' | 'inclusions'>,
  { group, kind, server }: { group: string; kind: string; server: string },
): boolean => {
  const { inclusions } = settings;
  if (inclusions.length > 0 && !inclusions.some((filter) => matches(filter, group, kind, server))) return true;
  return [...ALWAYS_EXCLUDED, ...settings.exclusions].some((filter) => matches(filter, group, kind, server));
};
