import * as v from 'valibot';
import { repositoryPath } from '../../repository-url.ts';
import type { FleetFile, PluginConfig, RepositoryConfig } from '../fleet-file.ts';
import type { ProviderNeed } from './generator-inputs.ts';

const text = v.pipe(v.string(), v.nonEmpty('must not be empty'));
const flag = v.optional(v.boolean());
const secretRef = v.optional(v.object({ secretName: v.optional(v.string()), key: v.optional(v.string()) }));
const own = { api: v.optional(v.string()), tokenRef: secretRef };
/** TLS is checked as everywhere; what these say is refused where they say anything. */
const tls = {
  insecure: flag,
  caRef: v.optional(v.object({ configMapName: v.optional(v.string()), key: v.optional(v.string()) })),
};

/** `pullRequest.github` and so on, as Argo CD documents them. */
export const GitHubPullRequestsSchema = v.object({
  ...own,
  owner: text,
  repo: text,
  appSecretName: v.optional(v.string()),
  labels: v.optional(v.array(v.string())),
});
export const GitLabPullRequestsSchema = v.object({
  ...own,
  ...tls,
  project: text,
  labels: v.optional(v.array(v.string())),
  pullRequestState: v.optional(v.string()),
});
export const GitHubRepositoriesSchema = v.object({
  ...own,
  organization: text,
  appSecretName: v.optional(v.string()),
  allBranches: flag,
  excludeArchivedRepos: flag,
});
export const GitLabRepositoriesSchema = v.object({
  ...own,
  ...tls,
  group: text,
  allBranches: flag,
  includeSubgroups: flag,
  includeSharedProjects: flag,
  includeArchivedRepos: flag,
  topic: v.optional(v.string()),
});

const ForgeSchemas = {
  pullRequests: v.union([
    v.object({ github: GitHubPullRequestsSchema }),
    v.object({ gitlab: GitLabPullRequestsSchema }),
  ]),
  scmRepositories: v.union([
    v.object({ github: GitHubRepositoriesSchema }),
    v.object({ gitlab: GitLabRepositoriesSchema }),
  ]),
};

const PluginRequestSchema = v.object({
  configMapRef: v.object({ name: text }),
  input: v.optional(v.object({ parameters: v.optional(v.record(v.string(), v.unknown())) })),
  applicationSetName: v.optional(v.string(), ''),
});

/** What is asked of a forge. `path`: `owner/name`, GitLab's project id or path, an organization or a group. */
export type ForgeRequest =
  | { type: 'pullRequests'; path: string; labels: readonly string[]; state?: string }
  | {
      type: 'scmRepositories';
      path: string;
      allBranches: boolean;
      archived: boolean;
      subgroups: boolean;
      shared: boolean;
      topic?: string;
    };

/** Whom a need is asked of, and what; or why nobody is asked. */
export type ProviderTarget =
  | { forge: RepositoryConfig & { credentials: string }; request: ForgeRequest }
  | { plugin: PluginConfig; body: { applicationSetName: string; input: { parameters: Record<string, unknown> } } }
  | { refusal: string };

/**
 * Whom a generator may ask: a forge only where the fleet file registers a repository of it with credentials (those of the
 * repository itself, else of its nearest neighbour), a plugin only where the fleet file lists it. Nothing that a set says
 * becomes an address or a secret's name.
 */
export const targetOf = (need: ProviderNeed, file: FleetFile): ProviderTarget => {
  const question = questionOf(need);
  if ('refusal' in question) return question;
  return 'plugin' in question ? pluginTarget(question, file) : forgeTarget(question, file);
};

/** What a need asks, whoever may be asked. */
export type Question =
  | { plugin: string; body: { applicationSetName: string; input: { parameters: Record<string, unknown> } } }
  | { forge: 'github' | 'gitlab'; host: string; secret: string | undefined; request: ForgeRequest }
  | { refusal: string };

/** Reads what a generator asks of a forge or a plugin. */
export const questionOf = ({ type, request }: ProviderNeed): Question => {
  if (type !== 'plugins') return forgeQuestion(type, request);
  const parsed = v.safeParse(PluginRequestSchema, request);
  if (!parsed.success) return { refusal: 'the plugin generator needs configMapRef.name' };
  const { configMapRef, input, applicationSetName } = parsed.output;
  const body = { applicationSetName, input: { parameters: input?.parameters ?? {} } };
  return { plugin: configMapRef.name, body };
};

const pluginTarget = (
  { plugin: asked, body }: Extract<Question, { plugin: string }>,
  { plugins = [] }: FleetFile,
): ProviderTarget => {
  const plugin = plugins.find(({ name }) => name === asked);
  if (plugin) return { plugin, body };
  const cure = `add { name: ${asked}, baseUrl: https://… } to spec.plugins of the fleet file`;
  return { refusal: `plugin ${asked} is none that Towline may ask: ${cure}` };
};

type Blocks = v.InferOutput<(typeof ForgeSchemas)['pullRequests'] | (typeof ForgeSchemas)['scmRepositories']>;

const forgeQuestion = (type: 'pullRequests' | 'scmRepositories', given: Record<string, unknown>): Question => {
  const parsed = v.safeParse(ForgeSchemas[type], given);
  if (!parsed.success) return { refusal: `only github and gitlab are asked: ${Object.keys(given).join(', ')}` };
  const blocks: Blocks = parsed.output;
  const forge = 'github' in blocks ? 'github' : 'gitlab';
  const block = 'github' in blocks ? blocks.github : blocks.gitlab;
  const refusal = refusalOf(block);
  if (refusal !== undefined) return { refusal };
  return { forge, host: apiHost(forge, block.api), secret: secretOf(block), request: requestOf(block) };
};

const forgeTarget = (
  { forge, host, secret, request }: Extract<Question, { host: string }>,
  file: FleetFile,
): ProviderTarget => {
  const found = registered(file, { forge, host, path: request.path, secret });
  if (found) return { forge: found, request };
  const name = forge === 'github' ? 'GitHub' : 'GitLab';
  const cure = 'register a repository of it with credentials in spec.repositories of the fleet file';
  return { refusal: `no credentials for ${name} at ${host}: ${cure}` };
};

type Block =
  | v.InferOutput<typeof GitHubPullRequestsSchema>
  | v.InferOutput<typeof GitLabPullRequestsSchema>
  | v.InferOutput<typeof GitHubRepositoriesSchema>
  | v.InferOutput<typeof GitLabRepositoriesSchema>;

const refusalOf = (block: Block): string | undefined => {
  if ('insecure' in block && block.insecure) return 'insecure is not served: certificates are always checked';
  return 'caRef' in block && block.caRef
    ? 'caRef is not served: the host needs a publicly trusted certificate'
    : undefined;
};

const requestOf = (block: Block): ForgeRequest => {
  if ('owner' in block)
    return { type: 'pullRequests', path: `${block.owner}/${block.repo}`, labels: block.labels ?? [] };
  if ('project' in block) {
    const state = block.pullRequestState ? { state: block.pullRequestState } : {};
    return { type: 'pullRequests', path: block.project, labels: block.labels ?? [], ...state };
  }
  const isGitHub = 'organization' in block;
  return {
    type: 'scmRepositories',
    path: isGitHub ? block.organization : block.group,
    allBranches: block.allBranches ?? false,
    archived: isGitHub ? !block.excludeArchivedRepos : (block.includeArchivedRepos ?? false),
    subgroups: isGitHub ? false : (block.includeSubgroups ?? false),
    shared: isGitHub ? true : (block.includeSharedProjects ?? true),
    ...(!isGitHub && block.topic ? { topic: block.topic } : {}),
  };
};

const secretOf = (block: Block): string | undefined =>
  ('appSecretName' in block ? block.appSecretName : undefined) ?? block.tokenRef?.secretName;

/** Host of a forge's API: GitHub's own has a host of its own. */
const apiHost = (forge: 'github' | 'gitlab', api: string | undefined): string => {
  const host = api && URL.canParse(api) ? new URL(api).host.toLowerCase() : api;
  if (forge === 'gitlab') return host ?? 'gitlab.com';
  return host === undefined || host === 'github.com' ? 'api.github.com' : host;
};

interface Wanted {
  forge: 'github' | 'gitlab';
  host: string;
  path: string;
  /** The Kubernetes Secret that the set names: the secret of the same name, where a repository there has it. */
  secret: string | undefined;
}

const registered = (
  { repositories }: FleetFile,
  { forge, host, path, secret }: Wanted,
): (RepositoryConfig & { credentials: string }) | undefined => {
  const known = repositories.flatMap((one) =>
    one.credentials !== undefined && one.forge === forge && apiHost(forge, one.apiURL) === host
      ? [{ ...one, credentials: one.credentials }]
      : [],
  );
  const named = known.filter(({ credentials }) => credentials === secret);
  const nearness = ({ url }: RepositoryConfig): number => sharedParts(repositoryPath(url) ?? '', path);
  return (named.length > 0 ? named : known).toSorted((a, b) => nearness(b) - nearness(a))[0];
};

const sharedParts = (left: string, right: string): number => {
  const [a, b] = [left.toLowerCase().split('/'), right.toLowerCase().split('/')];
  const unlike = a.findIndex((part, index) => part !== b[index]);
  return unlike < 0 ? a.length : unlike;
};

/** Whether what a generator asked may concern a repository: a numeric id of GitLab's may mean any of that host. */
export const concernsRepository = (need: ProviderNeed, repository: RepositoryConfig, file: FleetFile): boolean => {
  const target = targetOf(need, file);
  if (!('forge' in target) || target.request.type !== 'pullRequests') return false;
  const { forge, request } = target;
  if (forge.forge !== repository.forge || forge.apiURL !== repository.apiURL) return false;
  const path = repositoryPath(repository.url) ?? '';
  return /^\d+$/.test(request.path) || path.toLowerCase().endsWith(request.path.toLowerCase());
};
