import { permanent } from '../../domain/errors.ts';
import type { TreeEntry } from '../../ports/repository.ts';
import { parseTreeObject, type RawEntry } from './tree-object.ts';

/** Above this a listing is refused: it would not fit a worker's memory. */
export const MAX_TREE_ENTRIES = 1_000_000;
/** Entries of subtrees remembered per repository; about 100 bytes each, shared between commits. */
const MAX_CACHED_ENTRIES = 400_000;

/** A directory at one tree id, with everything under it. Immutable, so equal directories of all commits share one. */
export interface TreeNode {
  digest: string;
  /** By name, in git's order. */
  entries: ReadonlyMap<string, RawEntry>;
  /** By name, for every entry that is a directory. */
  children: ReadonlyMap<string, TreeNode>;
  /** Entries in it and below. */
  count: number;
}

/** Reads the bytes of a tree object; undefined: the store does not have it. */
export type ReadTreeObject = (digest: string) => Promise<Buffer | undefined>;

export interface TreeCache {
  /**
   * The whole tree under an id. Only directories that no earlier listing has seen are read. Undefined: an object is
   * missing. Errors: AppError `tree-too-large`.
   */
  load(digest: string, read: ReadTreeObject): Promise<TreeNode | undefined>;
}

/** A cache of directories by tree id: least recently used ones go first. */
export const createTreeCache = (): TreeCache => {
  const nodes = new Map<string, TreeNode>();
  let cached = 0;
  const store = (node: TreeNode): void => {
    nodes.set(node.digest, node);
    cached += node.entries.size + 1;
    for (const [digest, oldest] of nodes) {
      if (cached <= MAX_CACHED_ENTRIES || digest === node.digest) break;
      nodes.delete(digest);
      cached -= oldest.entries.size + 1;
    }
  };
  const find = (digest: string): TreeNode | undefined => {
    const known = nodes.get(digest);
    if (known) {
      nodes.delete(digest);
      nodes.set(digest, known);
    }
    return known;
  };
  const load = async (digest: string, read: ReadTreeObject): Promise<TreeNode | undefined> => {
    const known = find(digest);
    if (known) return known;
    const data = await read(digest);
    if (!data) return undefined;
    const entries = parseTreeObject(data, digest.length / 2);
    const directories = entries.filter(({ mode }) => mode === 'directory');
    const loaded = directories.map((entry) => find(entry.digest));
    // Of the thousands of directories in one, a commit changes a few: a promise for each would cost more than all the rest.
    const unknown = [...directories.entries()].filter(([at]) => !loaded[at]);
    await Promise.all(
      unknown.map(async ([at, entry]) => {
        loaded[at] = await load(entry.digest, read);
      }),
    );
    const node = assemble(digest, entries, directories, loaded);
    if (node && !nodes.has(digest)) store(node);
    return node;
  };
  return { load };
};

const assemble = (
  digest: string,
  entries: readonly RawEntry[],
  directories: readonly RawEntry[],
  loaded: readonly (TreeNode | undefined)[],
): TreeNode | undefined => {
  const children = new Map<string, TreeNode>();
  let count = entries.length;
  for (const [index, { name }] of directories.entries()) {
    const child = loaded[index];
    if (!child) return undefined;
    children.set(name, child);
    count += child.count;
  }
  if (count > MAX_TREE_ENTRIES) {
    throw permanent('tree-too-large', `tree ${digest} has more than ${MAX_TREE_ENTRIES} entries`, {
      details: { tree: digest },
    });
  }
  return { digest, entries: new Map(entries.map((entry) => [entry.name, entry])), children, count };
};

/** Every entry below a node by full path, as a read-only map that is walked when asked instead of built per commit. */
export const entriesOf = (root: TreeNode): ReadonlyMap<string, TreeEntry> => {
  const get = (path: string): TreeEntry | undefined => find(root, path);
  function* values(): Generator<TreeEntry, undefined> {
    yield* walk(root, '');
    return undefined;
  }
  function* entries(): Generator<[string, TreeEntry], undefined> {
    for (const entry of walk(root, '')) yield [entry.path, entry];
    return undefined;
  }
  function* keys(): Generator<string, undefined> {
    for (const { path } of walk(root, '')) yield path;
    return undefined;
  }
  const view: ReadonlyMap<string, TreeEntry> = {
    size: root.count,
    get,
    has: (path) => get(path) !== undefined,
    keys,
    values,
    entries,
    [Symbol.iterator]: entries,
    forEach: (visit, self) => {
      for (const entry of walk(root, '')) visit.call(self, entry, entry.path, view);
    },
  };
  return view;
};

/** What is directly in a directory ('' is the root), in git's order. */
export const listOf =
  (root: TreeNode) =>
  (directory: string): TreeEntry[] => {
    const node = directory === '' ? root : nodeAt(root, directory.split('/'));
    const prefix = directory === '' ? '' : `${directory}/`;
    return [...(node?.entries.values() ?? [])].map(({ name, mode, digest }) => ({ path: prefix + name, mode, digest }));
  };

const nodeAt = (root: TreeNode, parts: readonly string[]): TreeNode | undefined => {
  let node: TreeNode | undefined = root;
  for (const part of parts) node = node?.children.get(part);
  return node;
};

const find = (root: TreeNode, path: string): TreeEntry | undefined => {
  const slash = path.lastIndexOf('/');
  const node = slash === -1 ? root : nodeAt(root, path.slice(0, slash).split('/'));
  const name = path.slice(slash + 1);
  const entry = node?.entries.get(name);
  return entry && { path, mode: entry.mode, digest: entry.digest };
};

function* walk(node: TreeNode, prefix: string): Generator<TreeEntry> {
  for (const { name, mode, digest } of node.entries.values()) {
    const path = prefix + name;
    yield { path, mode, digest };
    const child = node.children.get(name);
    if (child) yield* walk(child, `${path}/`);
  }
}
