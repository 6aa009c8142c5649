import type { ChatRoles } from './chat-roles.ts';

/** The fleet file (design: `kind: Fleet`), parsed and with defaults filled in. */
export interface FleetFile {
  name: string;
  source: { repoURL: string; targetRevision: string; path: string };
  repositories: RepositoryConfig[];
  /** Helm repositories and OCI registries with credentials; absent: none. */
  chartRepositories?: ChartRepositoryConfig[];
  clusters: ClusterConfig[];
  /** Plugins that generators may ask, by the name of Argo CD's ConfigMap; absent: none. */
  plugins?: PluginConfig[];
  /** Where further clusters are found, beside those that are written down. */
  clustersFrom?: ClusterSource[];
  environments: { clusterLabel: string };
  slack?: SlackConfig;
  mode?: 'observe';
  adopt?: boolean;
}

/** A plugin of ApplicationSets: what Argo CD keeps in a ConfigMap of this name. */
export interface PluginConfig {
  name: string;
  baseUrl: string;
  /** Name of the secret with the token that the plugin expects. */
  credentials?: string;
  /** Seconds. */
  requestTimeout?: number;
}

export interface SlackConfig {
  /** What no other channel is for. */
  channel: string;
  credentials: string;
  apiURL: string;
  /** Name of the secret that Slack signs presses of buttons with; absent: there are no buttons. */
  signingSecret?: string;
  /** What each user (U…, W…) may, everywhere or by project; those who are not named may nothing. */
  roles?: ChatRoles;
  /** Channels of their own, by name of project or environment. */
  channels?: { projects: Record<string, string>; environments: Record<string, string> };
  /** Users (U…, W…) and user groups (S…) that are mentioned where an application of it fails. */
  mentions?: { projects: Record<string, string[]>; environments: Record<string, string[]> };
}

export type Forge = 'github' | 'gitlab' | 'git';

export interface RepositoryConfig {
  url: string;
  forge: Forge;
  /** Absent for `git`. */
  apiURL?: string;
  /** Names of secrets, never values. */
  credentials?: string;
  webhookSecret?: string;
  /** Environments whose rollouts GitHub lists as deployments (`true`: all of them); absent: none. */
  deployments?: true | Record<string, { production?: boolean; url?: string }>;
  /** Name of the Secret among the fleet's documents that registers it; absent: the fleet file does. */
  secret?: string;
  /** The AppProject whose Applications alone may use it. */
  project?: string;
}

/** A Helm repository (`https://…`) or OCI registry (`oci://…`, or without a scheme). Public ones need no entry. */
export interface ChartRepositoryConfig {
  /** Credentials serve every repository whose URL begins with it, the longest such entry counting. */
  url: string;
  type: 'helm' | 'oci';
  /** Name of a secret: `{username, password}` as JSON, or `username:password`. */
  credentials?: string;
  /** Also send them to the host that the index names for archives, where it is another one. */
  passCredentials?: boolean;
  /** Name of the Secret among the fleet's documents that registers it; absent: the fleet file does. */
  secret?: string;
}

export interface ClusterConfig {
  name: string;
  /** What `destination.server` says for this cluster; the API server's URL where nothing else is given. */
  server?: string;
  /** `https://kubernetes.default.svc` and `in-cluster` mean this one; at most one cluster of a fleet is so. */
  inCluster?: boolean;
  /** The AppProject that the cluster is scoped to, for `permitOnlyProjectScopedClusters`. */
  project?: string;
  /** Everything but writes. */
  mode?: 'observe';
  labels: Record<string, string>;
  annotations: Record<string, string>;
  access: ClusterAccess;
  /** What Argo CD's Secret of a cluster that is written down says of it beside the file. */
  secret?: { labels: Record<string, string>; annotations: Record<string, string> };
  /** Digest of the source (`clustersFrom`) that it was found in; absent for one that is written down. */
  foundIn?: string;
}

/** How Towline reaches the cluster: exactly one of these in the fleet file; `control-plane` is no cluster but Towline itself. */
export type ClusterAccess =
  | { type: 'eks'; name: string; region: string; roleARN?: string }
  | { type: 'kubeconfig'; path: string; context?: string }
  | { type: 'embedded' }
  | { type: 'control-plane' };

/** Where clusters come from: Argo CD's cluster Secrets in a cluster or in Secrets Manager, or EKS by tags. */
export type ClusterSource =
  | { type: 'secretsIn'; cluster: string; namespace: string }
  | { type: 'secretsManager'; prefix: string; region?: string; roleARN?: string }
  | { type: 'eks'; region: string; roleARN?: string; tags: Record<string, string> };
