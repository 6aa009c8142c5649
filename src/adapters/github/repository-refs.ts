import * as v from 'valibot';
import { permanent } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GitHubClient } from './repository-client.ts';

const PAGE_SIZE = 100;
/** The default branch hardly ever changes; the port allows minutes. */
const HEAD_TTL_MS = 60_000;
const MAX_TAG_DEPTH = 10;

const ObjectSchema = v.object({ sha: v.string(), type: v.string() });
const RefSchema = v.object({ ref: v.string(), object: ObjectSchema });
const TagSchema = v.object({ object: ObjectSchema });
const CommitSchema = v.object({ sha: v.string(), tree: v.object({ sha: v.string() }) });
const ShortSchema = v.object({ sha: v.string() });
const CompareSchema = v.object({ merge_base_commit: v.object({ sha: v.string() }) });
const RepositorySchema = v.object({ default_branch: v.string() });
const NamedSchema = v.array(v.object({ name: v.string(), commit: v.object({ sha: v.string() }) }));

export interface GitHubRefs {
  ref(name: string): Promise<string | undefined>;
  commit(id: string): Promise<{ id: string; tree: string } | undefined>;
  /** The commit whose id begins so. */
  shortCommit(id: string): Promise<string | undefined>;
  defaultBranch(): Promise<string | undefined>;
  list(): Promise<Map<string, string>>;
  mergeBase(one: string, other: string): Promise<string | undefined>;
}

/** Reads refs through GitHub's REST API; all of it by conditional requests. */
export const createGitHubRefs = (client: GitHubClient, clock: Clock): GitHubRefs => {
  const head = createHead(client, clock);
  const ref = async (name: string): Promise<string | undefined> => {
    const answer = await client.get('/git/ref/{ref}', RefSchema, { ref: name.replace(/^refs\//, '') });
    if (answer) return answer.data.ref === name ? peel(client, answer.data.object) : undefined;
    // A repository that cannot be seen answers like one without this ref.
    await head({ fresh: true });
    return undefined;
  };
  return {
    ref: async (name) => ref(name === 'HEAD' ? await head() : name),
    commit: async (id) => {
      const answer = await client.get('/git/commits/{sha}', CommitSchema, { sha: id });
      return answer && { id: answer.data.sha, tree: answer.data.tree.sha };
    },
    shortCommit: async (id) => {
      const found = (await client.get('/commits/{ref}', ShortSchema, { ref: id, per_page: 1 }))?.data.sha;
      return found?.startsWith(id) ? found : undefined;
    },
    defaultBranch: async () => {
      const branch = await head();
      return (await ref(branch)) === undefined ? undefined : branch;
    },
    mergeBase: async (one, other) => {
      const basehead = `${one}...${other}`;
      const answer = await client.get('/compare/{basehead}', CompareSchema, { basehead, per_page: 1 });
      return answer?.data.merge_base_commit.sha;
    },
    list: async () => {
      const branch = await head();
      const [branches, tags] = await Promise.all([
        pages(client, '/branches', 'refs/heads/'),
        pages(client, '/tags', 'refs/tags/'),
      ]);
      const found = new Map([...branches, ...tags]);
      const commit = found.get(branch);
      return commit === undefined ? found : found.set('HEAD', commit);
    },
  };
};

/** The default branch's full name. Errors: AppError `repository-not-found` (permanent). */
const createHead = (client: GitHubClient, clock: Clock) => {
  let known: { branch: string; until: number } | undefined;
  return async ({ fresh = false } = {}): Promise<string> => {
    if (!fresh && known && known.until > clock()) return known.branch;
    const answer = await client.get('', RepositorySchema);
    if (!answer) throw notFound(client.subject);
    known = { branch: `refs/heads/${answer.data.default_branch}`, until: clock() + HEAD_TTL_MS };
    return known.branch;
  };
};

/** The commit that an object stands for: annotated tags may name further tags. */
const peel = async (
  client: GitHubClient,
  { sha, type }: v.InferOutput<typeof ObjectSchema>,
  depth = 0,
): Promise<string | undefined> => {
  if (type === 'commit') return sha;
  if (type !== 'tag' || depth >= MAX_TAG_DEPTH) return undefined;
  const tag = await client.get('/git/tags/{sha}', TagSchema, { sha });
  return tag && peel(client, tag.data.object, depth + 1);
};

/** Branches or tags, peeled, through all pages. */
const pages = async (client: GitHubClient, route: string, prefix: string): Promise<[string, string][]> => {
  const found: [string, string][] = [];
  let answer = await client.get(route, NamedSchema, { per_page: PAGE_SIZE });
  while (answer) {
    for (const { name, commit } of answer.data) found.push([`${prefix}${name}`, commit.sha]);
    answer = answer.next === undefined ? undefined : await client.get(answer.next, NamedSchema);
  }
  return found;
};

const notFound = (subject: string) =>
  permanent(
    'repository-not-found',
    `GitHub answered 404 for ${subject}: check its url and that the credentials may read it`,
    {
      details: { repository: subject, status: 404 },
    },
  );
