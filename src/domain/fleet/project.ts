import type { Origin } from './application.ts';
import type { Subscriptions } from './subscriptions.ts';

/**
 * Argo CD's AppProject, as far as it decides what an application may do.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/projects/
 */
export interface AppProject {
  name: string;
  namespace: string;
  /** By which `globalProjects` find it. */
  labels?: Record<string, string>;
  sourceRepos: string[];
  sourceNamespaces: string[];
  destinations: { server?: string; name?: string; namespace?: string }[];
  /** Absent and empty are the same: no cluster-scoped kind is permitted. */
  clusterResourceWhitelist?: GroupKindRule[];
  clusterResourceBlacklist?: GroupKindRule[];
  /** Absent: every namespaced kind is permitted; empty: none is. */
  namespaceResourceWhitelist?: GroupKindRule[];
  namespaceResourceBlacklist?: GroupKindRule[];
  syncWindows: SyncWindow[];
  orphanedResources?: { warn?: boolean; ignore?: { group?: string; kind?: string; name?: string }[] };
  permitOnlyProjectScopedClusters?: boolean;
  /** It wants commits signed (`signatureKeys`, `sourceIntegrity`), which nobody here verifies. */
  wantsSignatures?: true;
  /** Whom to act as, by destination. Parsed and checked; Towline acts as its own role (design: one role per cluster). */
  destinationServiceAccounts?: { server?: string; namespace?: string; defaultServiceAccount?: string }[];
  /** Parsed, kept and shown; access to the API is decided elsewhere. */
  roles: { name: string; description?: string; policies?: string[]; groups?: string[] }[];
  /** What its annotations ask to be told of its applications. */
  notify?: Subscriptions;
  /** Where the document was read; absent for the `default` that nobody wrote. */
  origin?: Origin;
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
