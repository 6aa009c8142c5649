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
  commit(id: string): Promise<string | undefined>;
  defaultBranch(): Promise<string | undefined>;
  list(): Promise<Map<string, string>>;
}

/** Reads refs through GitLab's REST API, which peels tags itself. */
export const createGitLabRefs = (client: GitLabClient, clock: Clock): GitLabRefs => {
  let head: { branch: string; until: number } | undefined;

  /** Also says whether the project can be seen: without access GitLab answers as if nothing were there. */
  const readHead = async (): Promise<string | undefined> => {
    const project = await client.get('', ProjectSchema);
    if (!project) throw notFound(client.subject);
    const { default_branch: branch, empty_repo: empty } = project.data;
    head = branch && !empty ? { branch: `refs/heads/${branch}`, until: clock() + HEAD_TTL_MS } : undefined;
    return head?.branch;
  };
  const branchOfHead = async () => (head && head.until > clock() ? head.branch : readHead());
  const commit = async (name: string): Promise<string | undefined> =>
    (await client.get(`/repository/commits/${encodeURIComponent(name)}`, CommitSchema))?.data.id;
  const named = async (kind: 'branches' | 'tags', name: string): Promise<string | undefined> => {
    const found = await client.get(`/repository/${kind}/${encodeURIComponent(name)}`, NamedSchema);
    return found?.data.name === name ? found.data.commit?.id : undefined;
  };
  const find = (name: string): Promise<string | undefined> => {
    const [, kind, rest = ''] = /^refs\/(heads|tags)\/(.+)$/s.exec(name) ?? [];
    if (kind === undefined) return commit(name);
    return named(kind === 'heads' ? 'branches' : 'tags', rest);
  };
  const ref = async (name: string): Promise<string | undefined> => {
    const found = await find(name);
    if (found === undefined) await readHead();
    return found;
  };
  const pages = async (path: string, prefix: string, found: Map<string, string>): Promise<void> => {
    let answer = await client.get(path, ListSchema, { per_page: PAGE_SIZE });
    while (answer) {
      for (const one of answer.data) if (one.commit) found.set(`${prefix}${one.name}`, one.commit.id);
      answer = answer.next === undefined ? undefined : await client.get(answer.next, ListSchema);
    }
  };
  return {
    ref: async (name) => {
      if (name !== 'HEAD') return ref(name);
      const branch = await branchOfHead();
      return branch && ref(branch);
    },
    commit: async (id) => {
      const found = await commit(id);
      return found === id ? id : undefined;
    },
    defaultBranch: branchOfHead,
    list: async () => {
      const branch = await branchOfHead();
      const found = new Map<string, string>();
      await Promise.all([
        pages('/repository/branches', 'refs/heads/', found),
        pages('/repository/tags', 'refs/tags/', found),
      ]);
      const id = branch && found.get(branch);
      return id ? found.set('HEAD', id) : found;
    },
  };
};
