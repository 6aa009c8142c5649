import * as v from 'valibot';
import { permanent } from '../../domain/errors.ts';
import type { PullRequest } from '../../domain/fleet/applicationset/generator-inputs.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import type { ForgeLists, ListedRepository, RepositoryQuery } from '../../ports/forge-lists.ts';
import {
  createGitHubClient,
  type GitHubAnswer,
  type GitHubClient,
  type GitHubClientOptions,
} from './repository-client.ts';

const PullRequestSchema = v.object({
  number: v.number(),
  title: v.string(),
  head: v.object({ ref: v.string(), sha: v.string() }),
  base: v.object({ ref: v.string() }),
  /** Null: the account is gone. */
  user: v.nullish(v.object({ login: v.string() })),
  labels: v.nullish(v.array(v.object({ name: v.string() })), []),
});

const RepositorySchema = v.object({
  id: v.number(),
  name: v.string(),
  owner: v.object({ login: v.string() }),
  ssh_url: v.string(),
  clone_url: v.string(),
  default_branch: v.nullish(v.string()),
  archived: v.nullish(v.boolean(), false),
  topics: v.nullish(v.array(v.string()), []),
});

const BranchSchema = v.object({ name: v.string(), commit: v.object({ sha: v.string() }) });

const PAGE = 100;
const PAGES_AT_MOST = 100;

type Options = Omit<GitHubClientOptions, 'scope'>;

/** GitHub's lists for generators, read with the credentials of a registered repository. Errors: see `ForgeLists`. */
export const createGitHubLists = (options: Options): ForgeLists => {
  const clients = new Map<string, GitHubClient>();
  const clientOf = (path: string): GitHubClient => {
    const client = clients.get(path) ?? openClient(options, path);
    clients.set(path, client);
    return client;
  };
  const organizations = createGitHubClient({
    ...options,
    scope: { permissions: { metadata: 'read', contents: 'read' }, wholeInstallation: true },
  });
  return {
    pullRequests: async ({ path, labels, state = 'open' }) => {
      const found = await readAll(clientOf(path), '/pulls', PullRequestSchema, { state, per_page: PAGE });
      if (!found) throw notFound(`repository ${path}`);
      return found.map(toPullRequest).filter((pull) => labels.every((label) => pull.labels?.includes(label)));
    },
    repositories: (query) => listRepositories(organizations, apiOf(options.repository), query),
    branches: async ({ organization, repository, defaultBranch }, all) => {
      const client = clientOf(`${organization}/${repository}`);
      if (all) return ((await readAll(client, '/branches', BranchSchema, { per_page: PAGE })) ?? []).map(toBranch);
      if (defaultBranch === undefined) return [];
      const found = await client.get(`/branches/${encodeURIComponent(defaultBranch)}`, BranchSchema);
      return found ? [toBranch(found.data)] : [];
    },
    hasPath: async ({ organization, repository }, { branch, path }) => {
      const at = path.split('/').map(encodeURIComponent).join('/');
      const client = clientOf(`${organization}/${repository}`);
      return (await client.get(`/contents/${at}`, v.unknown(), { ref: branch })) !== undefined;
    },
  };
};

/** Those of an organization, or of a person. */
const listRepositories = async (
  client: GitHubClient,
  api: string,
  { path, archived }: RepositoryQuery,
): Promise<ListedRepository[]> => {
  const at = (kind: string): string => `${api}/${kind}/${encodeURIComponent(path)}/repos`;
  const pages = { per_page: PAGE };
  const found =
    (await readAll(client, at('orgs'), RepositorySchema, pages)) ??
    (await readAll(client, at('users'), RepositorySchema, pages));
  if (!found) throw notFound(`organization ${path}`);
  return found.filter((one) => archived || !one.archived).map(toRepository);
};

/** A client for another repository of the same forge, by the same credentials. */
const openClient = ({ repository, ...options }: Options, path: string): GitHubClient => {
  const { protocol, host } = new URL(repository.url.includes('://') ? repository.url : 'https://github.com');
  return createGitHubClient({
    ...options,
    repository: { ...repository, url: `${protocol}//${host}/${path}` },
    scope: { permissions: { pull_requests: 'read', contents: 'read' } },
  });
};

const apiOf = ({ apiURL = 'https://api.github.com' }: RepositoryConfig): string => apiURL.replace(/\/+$/, '');

/** Every page; undefined: there is no such thing. Errors: AppError `list-too-long` (permanent). */
const readAll = async <Item>(
  client: GitHubClient,
  route: string,
  schema: v.GenericSchema<unknown, Item>,
  parameters: Record<string, string | number>,
): Promise<Item[] | undefined> => {
  const items: Item[] = [];
  const first = await client.get(route, v.array(schema), parameters);
  let next = first?.next;
  items.push(...(first?.data ?? []));
  for (let page = 1; next !== undefined && page < PAGES_AT_MOST; page += 1) {
    const answer: GitHubAnswer<Item[]> | undefined = await client.get(next, v.array(schema));
    items.push(...(answer?.data ?? []));
    next = answer?.next;
  }
  if (next === undefined) return first && items;
  throw permanent('list-too-long', `GitHub lists more than ${PAGES_AT_MOST * PAGE} entries for ${client.subject}`);
};

const notFound = (what: string) =>
  permanent('repository-not-found', `GitHub knows no ${what}: check its name, and that the credentials may see it`);

const toPullRequest = (pull: v.InferOutput<typeof PullRequestSchema>): PullRequest => ({
  number: pull.number,
  title: pull.title,
  branch: pull.head.ref,
  targetBranch: pull.base.ref,
  headSHA: pull.head.sha,
  author: pull.user?.login ?? '',
  labels: (pull.labels ?? []).map(({ name }) => name),
});

const toRepository = (one: v.InferOutput<typeof RepositorySchema>): ListedRepository => ({
  organization: one.owner.login,
  repository: one.name,
  repositoryId: one.id,
  labels: one.topics ?? [],
  ssh: one.ssh_url,
  https: one.clone_url,
  ...(one.default_branch ? { defaultBranch: one.default_branch } : {}),
});

const toBranch = ({ name, commit }: v.InferOutput<typeof BranchSchema>): { name: string; sha: string } => ({
  name,
  sha: commit.sha,
});
