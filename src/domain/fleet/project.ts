/**
 * Argo CD's AppProject, as far as it decides what an application may do.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/projects/
 */
export interface AppProject {
  name: string;
  namespace: string;
  sourceRepos: string[];
  sourceNamespaces: string[];
  destinations: { server?: string; name?: string; namespace?: string }[];
  clusterResourceWhitelist?: GroupKindRule[];
  clusterResourceBlacklist?: GroupKindRule[];
  namespaceResourceWhitelist?: GroupKindRule[];
  namespaceResourceBlacklist?: GroupKindRule[];
  syncWindows: SyncWindow[];
  orphanedResources?: { warn?: boolean; ignore?: { group?: string; kind?: string; name?: string }[] };
  permitOnlyProjectScopedClusters?: boolean;
  /** Parsed, kept and shown; access to the API is decided elsewhere. */
  roles: { name: string; description?: string; policies?: string[]; groups?: string[] }[];
}

export interface GroupKindRule {
  group: string;
  kind: string;
  name?: string;
}

export interface SyncWindow {
  kind: 'allow' | 'deny';
  schedule: string;
  duration: string;
  applications?: string[];
  namespaces?: string[];
  clusters?: string[];
  manualSync?: boolean;
  timeZone?: string;
  andOperator?: boolean;
  syncOverrun?: boolean;
  description?: string;
}
