import * as v from 'valibot';
import { permanent } from '../../domain/errors.ts';
import type { TreeEntry } from '../../ports/repository.ts';
import type { GitHubClient } from './repository-client.ts';

/** Above this a listing is refused: it would not fit a worker's memory. */
const MAX_ENTRIES = 1_000_000;
/** Directories of truncated listings that are read at a time. */
const PARALLEL = 6;
/** Entries of such directories kept between commits. */
const MAX_KEPT_ENTRIES = 300_000;

const TreeSchema = v.object({
  sha: v.string(),
  truncated: v.boolean(),
  tree: v.array(v.object({ path: v.string(), mode: v.string(), sha: v.string(), size: v.optional(v.number()) })),
});

const MODES: Record<string, TreeEntry['mode']> = {
  '040000': 'directory',
  '100755': 'executable',
  '120000': 'symlink',
  '160000': 'submodule',
};

export interface GitHubTrees {
  /** Every entry below a tree id, by path. Undefined: GitHub has no such tree. Errors: AppError `tree-too-large`. */
  list(digest: string): Promise<Map<string, TreeEntry> | undefined>;
}

/**
 * Lists trees: in one request where GitHub can, else (more than 100,000 entries or 7 MB) directory by directory, of
 * which those that did not change are remembered.
 */
export const createGitHubTrees = (client: GitHubClient): GitHubTrees => {
  const kept = createKept();
  const list = async (digest: string): Promise<TreeEntry[] | undefined> => {
    const known = kept.get(digest);
    if (known) return known;
    const whole = await fetchTree(client, digest, true);
    if (!whole) return undefined;
    if (!whole.truncated) return whole.tree.map(toEntry);
    return walk(digest);
  };
  const walk = async (digest: string): Promise<TreeEntry[] | undefined> => {
    const top = await fetchTree(client, digest, false);
    if (!top) return undefined;
    if (top.truncated) throw tooLarge(client.subject, digest);
    const entries = top.tree.map(toEntry);
    const directories = entries.filter(({ mode }) => mode === 'directory');
    for (let at = 0; at < directories.length; at += PARALLEL) {
      const part = directories.slice(at, at + PARALLEL);
      const found = await Promise.all(part.map((directory) => list(directory.digest)));
      for (const [index, directory] of part.entries()) {
        const below = found[index];
        if (!below) return undefined;
        kept.set(directory.digest, below);
        for (const entry of below) entries.push({ ...entry, path: `${directory.path}/${entry.path}` });
      }
      if (entries.length > MAX_ENTRIES) throw tooLarge(client.subject, digest);
    }
    return entries;
  };
  return {
    list: async (digest) => {
      const entries = await list(digest);
      return entries && new Map(entries.map((entry) => [entry.path, entry]));
    },
  };
};

const fetchTree = async (client: GitHubClient, digest: string, recursive: boolean) => {
  const parameters = { sha: digest, ...(recursive ? { recursive: 1 } : {}) };
  return (await client.get('/git/trees/{sha}', TreeSchema, parameters))?.data;
};

const toEntry = ({ path, mode, sha, size }: v.InferOutput<typeof TreeSchema>['tree'][number]): TreeEntry => ({
  path,
  mode: MODES[mode] ?? 'file',
  digest: sha,
  ...(size === undefined ? {} : { size }),
});

const tooLarge = (subject: string, digest: string) =>
  permanent('tree-too-large', `${subject}: tree ${digest} has too many entries to be listed`, {
    details: { repository: subject, tree: digest },
  });

/** Directories by tree id, the least recently used of which go first. */
const createKept = () => {
  const kept = new Map<string, TreeEntry[]>();
  let count = 0;
  return {
    get: (digest: string): TreeEntry[] | undefined => {
      const found = kept.get(digest);
      if (found) {
        kept.delete(digest);
        kept.set(digest, found);
      }
      return found;
    },
    set: (digest: string, entries: TreeEntry[]): void => {
      if (kept.has(digest)) return;
      kept.set(digest, entries);
      count += entries.length;
      for (const [oldest, gone] of kept) {
        if (count <= MAX_KEPT_ENTRIES || oldest === digest) break;
        kept.delete(oldest);
        count -= gone.length;
      }
    },
  };
};
