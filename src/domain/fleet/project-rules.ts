import { matchGlob } from '../settings/glob.ts';
import type { ResourceRef } from '../kubernetes-object.ts';
import { normalizeRepositoryURL } from '../repository-url.ts';
import type { Application } from './application.ts';
import type { ClusterConfig } from './fleet-file.ts';
import type { AppProject, GroupKindRule } from './project.ts';

/** The project that exists even where nobody wrote it: it permits everything. */
export const DEFAULT_PROJECT: AppProject = {
  name: 'default',
  namespace: 'argocd',
  sourceRepos: ['*'],
  sourceNamespaces: [],
  destinations: [{ server: '*', namespace: '*' }],
  clusterResourceWhitelist: [{ group: '*', kind: '*' }],
  syncWindows: [],
  roles: [],
};

/** Why the project refuses a source of the application; empty: it permits all of them. */
export const checkSources = (project: AppProject, application: Application): string[] =>
  application.sources
    .filter(({ repoURL }) => !permitsSource(project, repoURL))
    .map(({ repoURL }) => `project ${project.name} does not permit source ${repoURL}; its sourceRepos: ${list(project.sourceRepos)}`);

const permitsSource = ({ sourceRepos }: AppProject, repoURL: string): boolean => {
  const matches = (pattern: string): boolean =>
    pattern === '*' ||
    matchSegments(normalizeRepositoryURL(pattern) ?? pattern, normalizeRepositoryURL(repoURL) ?? repoURL);
  let permitted = false;
  for (const pattern of sourceRepos) {
    const denies = pattern.startsWith('!');
    if (denies && matches(pattern.slice(1))) return false;
    if (denies || matches(pattern)) permitted = true;
  }
  return permitted;
};

/** A glob whose `*` stops at `/`, and whose `**` does not. */
const matchSegments = (pattern: string, text: string): boolean => {
  const source = pattern
    .split(/(\*\*|\*|\?)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part === '?' ? '[^/]' : escapeRegExp(part)))
    .join('');
  return new RegExp(`^${source}$`).test(text);
};

const escapeRegExp = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

const list = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(', '));

/** Why the project refuses the application's destination; empty: it permits it. */
export const checkDestination = (
  project: AppProject,
  application: Application,
  cluster: ClusterConfig | undefined,
): string[] => {
  if (!cluster || permitsNamespace(project, cluster, application.destination.namespace)) return [];
  const { namespace } = application.destination;
  return [`project ${project.name} does not permit namespace "${namespace}" on cluster ${cluster.name}`];
};

const permitsNamespace = (project: AppProject, cluster: ClusterConfig, namespace: string): boolean => {
  let permitted = false;
  for (const rule of project.destinations) {
    const isServer = rule.server !== undefined && matchNegatable(rule.server, cluster.server ?? '');
    const isName = rule.name !== undefined && matchNegatable(rule.name, cluster.name);
    const isNamespace = matchNegatable(rule.namespace ?? '', namespace);
    if (denied(rule.name, cluster.name)) return false;
    if (denied(rule.server, cluster.server ?? '') && isNamespace) return false;
    if (denied(rule.namespace, namespace) && (isServer || isName)) return false;
    if ((isServer || isName) && isNamespace) permitted = true;
  }
  return permitted;
};

const matchNegatable = (pattern: string, text: string): boolean =>
  pattern.startsWith('!') ? !matchGlob(pattern.slice(1), text) : matchGlob(pattern, text);

const denied = (pattern: string | undefined, text: string): boolean =>
  pattern?.startsWith('!') === true && matchGlob(pattern.slice(1), text);

/**
 * Why the project refuses one rendered object, naming the rule; undefined: it permits it. Cluster-scoped kinds are denied
 * unless listed; namespaced kinds are allowed unless a list says otherwise, in a namespace that a destination permits.
 */
export const refusesObject = (
  project: AppProject,
  cluster: ClusterConfig,
  object: ResourceRef,
  namespaced: boolean,
): string | undefined => {
  const what = `${object.group ? `${object.group}/` : ''}${object.kind} ${object.namespace ? `${object.namespace}/` : ''}${object.name}`;
  const { allow, deny, lists } = namespaced
    ? { allow: project.namespaceResourceWhitelist, deny: project.namespaceResourceBlacklist, lists: 'namespaceResource' }
    : { allow: project.clusterResourceWhitelist ?? [], deny: project.clusterResourceBlacklist, lists: 'clusterResource' };
  if (allow && !allow.some((rule) => matchesKind(rule, object))) {
    return `project ${project.name} does not permit ${what}: it is not in ${lists}Whitelist`;
  }
  if (deny?.some((rule) => matchesKind(rule, object))) {
    return `project ${project.name} does not permit ${what}: it is in ${lists}Blacklist`;
  }
  if (namespaced && !permitsNamespace(project, cluster, object.namespace ?? '')) {
    return `project ${project.name} does not permit ${what}: no destination permits namespace ${object.namespace} on ${cluster.name}`;
  }
  return undefined;
};

const matchesKind = (rule: GroupKindRule, object: ResourceRef): boolean =>
  matchGlob(rule.group, object.group) &&
  matchGlob(rule.kind, object.kind) &&
  (rule.name === undefined || rule.name === '' || matchGlob(rule.name, object.name));
