/** One entry of a commit's tree as sources look at it; `Tree` of the repository port satisfies it. */
export interface SourceEntry {
  path: string;
  mode: 'file' | 'executable' | 'symlink' | 'submodule' | 'directory';
  digest: string;
  size?: number;
}

/** A commit's tree: every entry, directories included, by path relative to the repository's root. */
export interface SourceTree {
  commit: string;
  digest: string;
  entries: ReadonlyMap<string, SourceEntry>;
  /** What is directly in a directory, where that is known without an index of all entries. */
  list?: (directory: string) => SourceEntry[];
}

const childrenOf = new WeakMap<ReadonlyMap<string, SourceEntry>, Map<string, SourceEntry[]>>();

const parentOf = (path: string): string => {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
};

const indexOf = (entries: SourceTree['entries']): Map<string, SourceEntry[]> => {
  const known = childrenOf.get(entries);
  if (known) return known;
  const index = new Map<string, SourceEntry[]>();
  for (const entry of entries.values()) {
    const parent = parentOf(entry.path);
    const siblings = index.get(parent);
    if (siblings) siblings.push(entry);
    else index.set(parent, [entry]);
  }
  childrenOf.set(entries, index);
  return index;
};

const byName = (a: SourceEntry, b: SourceEntry): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/** The entries directly in a directory ('' is the root), by name. */
export const listDirectory = (tree: SourceTree, directory: string): SourceEntry[] =>
  (tree.list ? tree.list(directory) : (indexOf(tree.entries).get(directory) ?? [])).toSorted(byName);

/**
 * Every entry below a directory that is no directory itself, in the order of a walk (names compared byte by byte within
 * each directory), which is the order in which Argo CD reads manifests.
 */
export const listFiles = (tree: SourceTree, directory: string): SourceEntry[] =>
  listDirectory(tree, directory).flatMap((entry) =>
    entry.mode === 'directory' ? listFiles(tree, entry.path) : [entry],
  );

/** Whether a path is a symbolic link, or leads through one. */
export const isLinked = ({ entries }: Pick<SourceTree, 'entries'>, path: string): boolean => {
  for (let at = path; at !== ''; at = parentOf(at)) {
    const mode = entries.get(at)?.mode;
    if (mode === 'symlink') return true;
    // Whatever a directory is in, is a directory as well.
    if (mode === 'directory') return false;
  }
  return false;
};

/** The tree digest of a directory ('' is the root); undefined where there is none. */
export const directoryDigest = (tree: SourceTree, directory: string): string | undefined => {
  if (directory === '') return tree.digest;
  const entry = tree.entries.get(directory);
  return entry?.mode === 'directory' ? entry.digest : undefined;
};
