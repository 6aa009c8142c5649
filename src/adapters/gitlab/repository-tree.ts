import * as v from 'valibot';
import { permanent } from '../../domain/errors.ts';
import type { GitLabClient } from './repository-client.ts';
import { createDirectory, type Directory, isDirectory, type Listed, treeId } from './repository-directory.ts';

/** Above this a listing is refused: GitLab would be asked 3,000 times, and it would not fit a worker's memory. */
const MAX_ENTRIES = 300_000;
const MAX_KEPT_ENTRIES = 300_000;
/** With more unknown subdirectories than these, everything below is listed at once. */
const FEW = 4;

const EntrySchema = v.object({ id: v.string(), name: v.string(), path: v.string(), mode: v.string() });
const PageSchema = v.array(EntrySchema);
type Entry = v.InferOutput<typeof EntrySchema>;

export interface GitLabTrees {
  /** The whole tree of a commit. Undefined: GitLab has no such commit. Errors: AppError `tree-too-large`. */
  load(commit: string): Promise<Directory | undefined>;
}

/**
 * Lists trees. GitLab gives a hundred entries a request, so the first listing takes all pages of the recursive one;
 * afterwards only directories with a new id are asked for: a commit costs its changed directories.
 */
export const createGitLabTrees = (client: GitLabClient): GitLabTrees => {
  const kept = createKept();
  const pages = async (commit: string, path: string, recursive: boolean): Promise<Entry[] | undefined> => {
    const query = { ref: commit, path, per_page: '100', pagination: 'keyset', recursive: String(recursive) };
    const entries: Entry[] = [];
    let answer = await client.get('/repository/tree', PageSchema, query);
    if (!answer) return undefined;
    while (answer) {
      entries.push(...answer.data);
      if (entries.length > MAX_ENTRIES) throw tooLarge(client.subject, commit);
      answer = answer.next === undefined ? undefined : await client.get(answer.next, PageSchema);
    }
    return entries;
  };
  const loadWhole = async (commit: string, path: string, digest?: string): Promise<Directory | undefined> => {
    const entries = await pages(commit, path, true);
    return entries && assemble(kept, byParent(entries), path, digest ?? commit, digest === undefined);
  };
  const load = async (commit: string, path: string, digest?: string): Promise<Directory | undefined> => {
    const known = digest === undefined ? undefined : kept.get(digest);
    if (known) return known;
    const entries = await pages(commit, path, false);
    if (!entries) return undefined;
    const directories = entries.filter(isDirectory);
    const unknown = directories.filter(({ id }) => !kept.has(id));
    if (unknown.length > FEW) return loadWhole(commit, path, digest);
    const children = new Map<string, Directory>();
    for (const directory of directories) {
      const child = await load(commit, directory.path, directory.id);
      if (!child) return undefined;
      children.set(directory.name, child);
    }
    return kept.add(createDirectory(digest ?? treeId(entries, commit), entries.map(toListed), children));
  };
  return { load: (commit) => (kept.isEmpty() ? loadWhole(commit, '') : load(commit, '')) };
};

const toListed = ({ id, name, mode }: Entry): Listed => ({ id, name, mode });

const byParent = (entries: readonly Entry[]): Map<string, Entry[]> => {
  const found = new Map<string, Entry[]>();
  for (const entry of entries) {
    const parent = entry.path.slice(0, Math.max(0, entry.path.length - entry.name.length - 1));
    const siblings = found.get(parent);
    if (siblings) siblings.push(entry);
    else found.set(parent, [entry]);
  }
  return found;
};

/** `isRoot`: the id is not known but of the format of `digest`. */
const assemble = (
  kept: Kept,
  parents: ReadonlyMap<string, Entry[]>,
  path: string,
  digest: string,
  isRoot: boolean,
): Directory => {
  const entries = parents.get(path) ?? [];
  const directories = entries.filter(isDirectory);
  const children = new Map(
    directories.map((directory) => [directory.name, assemble(kept, parents, directory.path, directory.id, false)]),
  );
  const id = isRoot ? treeId(entries, digest) : digest;
  return kept.add(createDirectory(id, entries.map(toListed), children));
};

const tooLarge = (subject: string, commit: string) =>
  permanent('tree-too-large', `${subject}: the tree of ${commit} has more than ${MAX_ENTRIES} entries`, {
    details: { repository: subject, commit },
  });

type Kept = ReturnType<typeof createKept>;

/** Directories by tree id, the least recently used of which go first. */
const createKept = () => {
  const kept = new Map<string, Directory>();
  let count = 0;
  return {
    isEmpty: (): boolean => kept.size === 0,
    has: (digest: string): boolean => kept.has(digest),
    get: (digest: string): Directory | undefined => {
      const found = kept.get(digest);
      if (found) {
        kept.delete(digest);
        kept.set(digest, found);
      }
      return found;
    },
    add: (directory: Directory): Directory => {
      const known = kept.get(directory.digest);
      if (known) return known;
      kept.set(directory.digest, directory);
      count += directory.entries.length;
      for (const [oldest, gone] of kept) {
        if (count <= MAX_KEPT_ENTRIES || oldest === directory.digest) break;
        kept.delete(oldest);
        count -= gone.entries.length;
      }
      return directory;
    },
  };
};
