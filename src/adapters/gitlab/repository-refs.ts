import * as v from 'valibot';
import type { Clock } from '../../ports/clock.ts';
import { type GitLabClient, notFound } from './repository-client.ts';

/** The default branch hardly ever changes; the port allows minutes. */
const HEAD_TTL_MS = 60_000;
const PAGE_SIZE = '100';

const ProjectSchema = v.object({ default_branch: v.nullish(v.string()), empty_repo: v.optional(v.boolean()) });
const CommitSchema = v.object({ id: v.string() });
const NamedSchema = v.object({ name: v.string(), commit: v.nullish(CommitSchema) });
const ListSchema = v.array(NamedSchema);

export interface GitLabRefs {
  ref(name: string): Promise<string | undefined>;
  /** The commit of an id or of its first digits. */
  commit(id: string): Promise<string | undefined>;
  defaultBranch(): Promise<string | undefined>;
  list(): Promise<Map<string, string>>;
  mergeBase(one: string, other: string): Promise<string | undefined>;
}

/** Reads refs through GitLab's REST API, which peels tags itself. */
export const createGitLabRefs = (client: GitLabClient, clock: Clock): GitLabRefs => {
  const head = createHead(client, clock);
  const ref = async (name: string): Promise<string | undefined> => {
    const found = await findRef(client, name);
    // A project that cannot be seen answers like one without this ref.
    if (found === undefined) await head({ fresh: true });
    return found;
  };
  return {
    ref: async (name) => {
      const full = name === 'HEAD' ? await head() : name;
      return full && ref(full);
    },
    commit: async (id) => {
      const found = await commitOf(client, id);
      return found?.startsWith(id) ? found : undefined;
    },
    defaultBranch: () => head(),
    mergeBase: async (one, other) => {
      const query = `refs[]=${encodeURIComponent(one)}&refs[]=${encodeURIComponent(other)}`;
      return (await client.get(`/repository/merge_base?${query}`, CommitSchema))?.data.id;
    },
    list: async () => {
      const branch = await head();
      const [branches, tags] = await Promise.all([
        pages(client, '/repository/branches', 'refs/heads/'),
        pages(client, '/repository/tags', 'refs/tags/'),
      ]);
      const found = new Map([...branches, ...tags]);
      const id = branch && found.get(branch);
      return id ? found.set('HEAD', id) : found;
    },
  };
};

/** The default branch's full name; undefined: the repository is empty. Errors: AppError `repository-not-found`. */
const createHead = (client: GitLabClient, clock: Clock) => {
  let known: { branch: string; until: number } | undefined;
  return async ({ fresh = false } = {}): Promise<string | undefined> => {
    if (!fresh && known && known.until > clock()) return known.branch;
    const project = await client.get('', ProjectSchema);
    if (!project) throw notFound(client.subject);
    const { default_branch: branch, empty_repo: empty } = project.data;
    known = branch && !empty ? { branch: `refs/heads/${branch}`, until: clock() + HEAD_TTL_MS } : undefined;
    return known?.branch;
  };
};

const commitOf = async (client: GitLabClient, name: string): Promise<string | undefined> =>
  (await client.get(`/repository/commits/${encodeURIComponent(name)}`, CommitSchema))?.data.id;

const findRef = async (client: GitLabClient, ref: string): Promise<string | undefined> => {
  const [, kind, name = ''] = /^refs\/(heads|tags)\/(.+)$/s.exec(ref) ?? [];
  if (kind === undefined) return commitOf(client, ref);
  const path = kind === 'heads' ? '/repository/branches' : '/repository/tags';
  const found = await client.get(`${path}/${encodeURIComponent(name)}`, NamedSchema);
  return found?.data.name === name ? found.data.commit?.id : undefined;
};

/** Branches or tags, peeled, through all pages. */
const pages = async (client: GitLabClient, path: string, prefix: string): Promise<[string, string][]> => {
  const found: [string, string][] = [];
  let answer = await client.get(path, ListSchema, { per_page: PAGE_SIZE });
  while (answer) {
    for (const { name, commit } of answer.data) if (commit) found.push([`${prefix}${name}`, commit.id]);
    answer = answer.next === undefined ? undefined : await client.get(answer.next, ListSchema);
  }
  return found;
};
