import * as v from 'valibot';
import { permanent } from '../../domain/errors.ts';
import type { PullRequest } from '../../domain/fleet/applicationset/generator-inputs.ts';
import type { ForgeLists, ListedRepository } from '../../ports/forge-lists.ts';
import {
  createGitLabClient,
  type GitLabAnswer,
  type GitLabClient,
  type GitLabClientOptions,
} from './repository-client.ts';

const MergeRequestSchema = v.object({
  iid: v.number(),
  title: v.string(),
  source_branch: v.string(),
  target_branch: v.string(),
  /** Null while the request has no commit. */
  sha: v.nullish(v.string()),
  author: v.nullish(v.object({ username: v.string() })),
  labels: v.nullish(v.array(v.string()), []),
});

const ProjectSchema = v.object({
  id: v.number(),
  path: v.string(),
  namespace: v.object({ full_path: v.string() }),
  ssh_url_to_repo: v.string(),
  http_url_to_repo: v.string(),
  default_branch: v.nullish(v.string()),
  topics: v.nullish(v.array(v.string()), []),
});

const BranchSchema = v.object({ name: v.string(), commit: v.object({ id: v.string() }) });
const TreeSchema = v.object({ path: v.string() });

const PAGE = '100';
const PAGES_AT_MOST = 100;

/** GitLab's lists for generators, read with the credentials of a registered project. Errors: see `ForgeLists`. */
export const createGitLabLists = (options: GitLabClientOptions): ForgeLists => {
  const client = createGitLabClient(options);
  const api = (options.repository.apiURL ?? 'https://gitlab.com/api/v4').replace(/\/+$/, '');
  const list = <Item>(path: string, schema: v.GenericSchema<unknown, Item>, query: Record<string, string> = {}) =>
    readAll(client, `${api}${path}?${new URLSearchParams({ ...query, per_page: PAGE }).toString()}`, schema);
  const project = ({ organization, repository }: ListedRepository): string =>
    `/projects/${encodeURIComponent(`${organization}/${repository}`)}`;
  return {
    pullRequests: async ({ path, labels, state }) => {
      const query = { ...(labels.length > 0 ? { labels: labels.join(',') } : {}), ...(state ? { state } : {}) };
      const found = await list(`/projects/${encodeURIComponent(path)}/merge_requests`, MergeRequestSchema, query);
      if (!found) throw notFound(`project ${path}`);
      return found.flatMap(toPullRequest);
    },
    repositories: async ({ path, archived, subgroups, shared, topic }) => {
      const query = {
        include_subgroups: String(subgroups),
        with_shared: String(shared),
        ...(archived ? {} : { archived: 'false' }),
        ...(topic ? { topic } : {}),
      };
      const found = await list(`/groups/${encodeURIComponent(path)}/projects`, ProjectSchema, query);
      if (!found) throw notFound(`group ${path}`);
      return found.map(toRepository);
    },
    branches: async (repository, all) => {
      const path = `${project(repository)}/repository/branches`;
      if (all) return ((await list(path, BranchSchema)) ?? []).map(toBranch);
      if (repository.defaultBranch === undefined) return [];
      const found = await client.get(`${api}${path}/${encodeURIComponent(repository.defaultBranch)}`, BranchSchema);
      return found ? [toBranch(found.data)] : [];
    },
    hasPath: async (repository, { branch, path }) => {
      const folder: Record<string, string> = path.includes('/') ? { path: path.slice(0, path.lastIndexOf('/')) } : {};
      const found = await list(`${project(repository)}/repository/tree`, TreeSchema, { ref: branch, ...folder });
      return (found ?? []).some((entry) => entry.path === path);
    },
  };
};

/** Every page; undefined: there is no such thing. Errors: AppError `list-too-long` (permanent). */
const readAll = async <Item>(
  client: GitLabClient,
  url: string,
  schema: v.GenericSchema<unknown, Item>,
): Promise<Item[] | undefined> => {
  const items: Item[] = [];
  const first = await client.get(url, v.array(schema));
  let next = first?.next;
  items.push(...(first?.data ?? []));
  for (let page = 1; next !== undefined && page < PAGES_AT_MOST; page += 1) {
    const answer: GitLabAnswer<Item[]> | undefined = await client.get(next, v.array(schema));
    items.push(...(answer?.data ?? []));
    next = answer?.next;
  }
  if (next === undefined) return first && items;
  throw permanent(
    'list-too-long',
    `GitLab lists more than ${PAGES_AT_MOST * Number(PAGE)} entries at ${client.subject}`,
  );
};

const notFound = (what: string) =>
  permanent('repository-not-found', `GitLab knows no ${what}: check its name, and that the token may see it`);

const toPullRequest = (request: v.InferOutput<typeof MergeRequestSchema>): PullRequest[] =>
  request.sha
    ? [
        {
          number: request.iid,
          title: request.title,
          branch: request.source_branch,
          targetBranch: request.target_branch,
          headSHA: request.sha,
          author: request.author?.username ?? '',
          labels: request.labels ?? [],
        },
      ]
    : [];

const toRepository = (one: v.InferOutput<typeof ProjectSchema>): ListedRepository => ({
  organization: one.namespace.full_path,
  repository: one.path,
  repositoryId: one.id,
  labels: one.topics ?? [],
  ssh: one.ssh_url_to_repo,
  https: one.http_url_to_repo,
  ...(one.default_branch ? { defaultBranch: one.default_branch } : {}),
});

const toBranch = ({ name, commit }: v.InferOutput<typeof BranchSchema>): { name: string; sha: string } => ({
  name,
  sha: commit.id,
});
