import type { ResourceRef } from '../kubernetes-object.ts';
import type { Application } from './application.ts';
import { IN_CLUSTER_NAME, IN_CLUSTER_SERVER } from './find-cluster.ts';
import type { ClusterConfig } from './fleet-file.ts';
import { matchesAny, matchGlob, matchNegatable } from './glob.ts';
import { matchPath } from './path-match.ts';
import type { AppProject, GroupKindRule } from './project.ts';

/** The project that exists even where nobody wrote it: it permits everything. */
export const DEFAULT_PROJECT: AppProject = {
  name: 'default',
  namespace: 'argocd',
  sourceRepos: ['*'],
  sourceNamespaces: ['*'],
  destinations: [{ server: '*', namespace: '*' }],
  clusterResourceWhitelist: [{ group: '*', kind: '*' }],
  syncWindows: [],
  roles: [],
};

const isDeny = (pattern: string | undefined): boolean => pattern?.startsWith('!') === true;

/**
 * A repository's URL as projects compare it: lower case, no `.git`, SSH in one spelling. Unlike for webhooks the scheme and
 * user count, since https and SSH are different permissions in Argo CD.
 */
const sourceKey = (url: string): string => {
  const text = url.trim().toLowerCase();
  const isScp = !text.includes('://') && /^[^/]+@[^/]+:/.test(text);
  const spelled = isScp ? text.replace(':', '/') : text.replace(/^ssh:\/\//, '');
  return spelled.replace(/\.git$/, '');
};

/**
 * Whether `sourceRepos` permits a repository: a pattern has to match, and none with `!` may fail. `*` stops at `/`, but
 * alone it is everything. Source: Argo CD v3.5, AppProject.
 */
export const isSourcePermitted = ({ sourceRepos }: AppProject, repoURL: string): boolean => {
  const url = sourceKey(repoURL);
  const matches = (pattern: string): boolean => pattern === '*' || matchGlob(sourceKey(pattern), url, '/');
  let isPermitted = false;
  for (const pattern of sourceRepos) {
    const isMatch = isDeny(pattern) ? !matches(pattern.slice(1)) : matches(pattern);
    if (!isMatch && isDeny(pattern)) return false;
    isPermitted ||= isMatch;
  }
  return isPermitted;
};

/** What of a cluster a project's destinations name. `project`: the one that it is scoped to. */
export interface ProjectCluster {
  name?: string | undefined;
  /** Undefined: not known, so that only `*` matches it. */
  server?: string | undefined;
  project?: string | undefined;
}

type Verdict = 'permitted' | 'denied' | 'unmentioned';

/**
 * How `destinations` judges a namespace of a cluster: (server or name) and namespace match one item, and no item with `!`
 * fails. A failed `!name` denies in every namespace, a failed `!server` only where the item's namespace matches, a failed
 * `!namespace` only where its server matches: Argo CD's rules.
 */
const judge = ({ destinations }: AppProject, { name, server }: ProjectCluster, namespace: string): Verdict => {
  let verdict: Verdict = 'unmentioned';
  for (const item of destinations) {
    const isName = !!name && matchNegatable(item.name ?? '', name);
    const isServer =
      server === undefined ? item.server === '*' : server !== '' && matchNegatable(item.server ?? '', server);
    const isNamespace = matchNegatable(item.namespace ?? '', namespace);
    if ((isServer || isName) && isNamespace) verdict = 'permitted';
    else if (isDeny(item.name) && !isName) return 'denied';
    else if (isDeny(item.server) && !isServer && isNamespace) return 'denied';
    else if (isDeny(item.namespace) && !isNamespace && isServer) return 'denied';
  }
  return verdict;
};

const isScoped = (project: AppProject, cluster: ProjectCluster): boolean =>
  !project.permitOnlyProjectScopedClusters || cluster.project === project.name;

/**
 * Whether `destinations` permits a namespace of a cluster (see `judge`), which has to be scoped to the project where
 * `permitOnlyProjectScopedClusters` says so.
 */
export const isDestinationPermitted = (project: AppProject, cluster: ProjectCluster, namespace: string): boolean =>
  judge(project, cluster, namespace) === 'permitted' && isScoped(project, cluster);

/**
 * As `isDestinationPermitted`, for a cluster of the fleet. The in-cluster one goes by two names and two addresses: it has
 * to be permitted by one pair and denied by none, however the application names it.
 */
export const permitsDestination = (project: AppProject, cluster: ClusterConfig, namespace: string): boolean => {
  const own = { name: cluster.name, server: cluster.server ?? (cluster.inCluster ? IN_CLUSTER_SERVER : undefined) };
  const identities = cluster.inCluster ? [own, { name: IN_CLUSTER_NAME, server: IN_CLUSTER_SERVER }] : [own];
  const verdicts = identities.map((identity) => judge(project, identity, namespace));
  return verdicts.includes('permitted') && !verdicts.includes('denied') && isScoped(project, cluster);
};

interface Kind {
  group: string;
  kind: string;
  name: string;
}

/** Which list of the project refuses a kind; undefined: none does. */
const refusingList = (project: AppProject, object: Kind, namespaced: boolean): string | undefined => {
  if (namespaced) {
    const white = project.namespaceResourceWhitelist;
    if (white && !white.some((rule) => matchesKind(rule, object))) return 'namespaceResourceWhitelist';
    const isBlack = project.namespaceResourceBlacklist?.some((rule) => matchesKind(rule, object));
    return isBlack ? 'namespaceResourceBlacklist' : undefined;
  }
  if (!project.clusterResourceWhitelist?.some((rule) => matchesNamed(rule, object))) return 'clusterResourceWhitelist';
  const isBlack = project.clusterResourceBlacklist?.some((rule) => matchesNamed(rule, object));
  return isBlack ? 'clusterResourceBlacklist' : undefined;
};

const matchesKind = (rule: GroupKindRule, { group, kind }: Kind): boolean =>
  matchPath(rule.kind, kind) && matchPath(rule.group, group);

const matchesNamed = (rule: GroupKindRule, object: Kind): boolean =>
  matchesKind(rule, object) && (!rule.name || matchPath(rule.name, object.name));

/** Whether the project permits a kind (and, for cluster-scoped ones, this name of it). */
export const isGroupKindNamePermitted = (project: AppProject, object: Kind, namespaced: boolean): boolean =>
  refusingList(project, object, namespaced) === undefined;

/** Whether applications of a namespace may use the project: those beside the controller may, others by `sourceNamespaces`. */
export const isAppNamespacePermitted = (
  { sourceNamespaces }: AppProject,
  namespace: string,
  controllerNamespace: string,
): boolean => namespace === '' || namespace === controllerNamespace || matchesAny(sourceNamespaces, namespace);

/** A rule that refuses something, and the sentence that says so. */
export interface Refusal {
  /** The project's field. */
  rule: string;
  message: string;
}

/**
 * Why the project refuses a rendered object in a cluster: its kind, or the namespace it goes to; undefined: it permits it.
 * `namespaced`: whether the kind is, as the cluster's discovery says.
 */
export const permitsObject = (
  project: AppProject,
  application: Pick<Application, 'destination'>,
  cluster: ClusterConfig,
  object: Omit<ResourceRef, 'version'>,
  namespaced: boolean,
): Refusal | undefined => {
  const namespace = object.namespace || application.destination.namespace;
  const kind = object.group === '' ? object.kind : `${object.group}/${object.kind}`;
  const what = `${kind} ${namespaced ? `${namespace}/` : ''}${object.name}`;
  const list = refusingList(project, object, namespaced);
  if (list) {
    const why = list.endsWith('Blacklist') ? 'in' : 'not in';
    return { rule: list, message: `project ${project.name} does not permit ${what}: it is ${why} its ${list}` };
  }
  if (!namespaced || permitsDestination(project, cluster, namespace)) return undefined;
  return { rule: 'destinations', message: `${what}: ${refusedDestination(project, cluster, namespace)}` };
};

/** The sentence for a destination that `permitsDestination` refuses. */
export const refusedDestination = (project: AppProject, cluster: ClusterConfig, namespace: string): string => {
  const rule = isScoped(project, cluster) ? 'destinations' : 'permitOnlyProjectScopedClusters';
  return `project ${project.name} does not permit namespace "${namespace}" of cluster ${cluster.name} (${rule})`;
};
