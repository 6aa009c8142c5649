import { createHash } from 'node:crypto';
import type { TreeEntry } from '../../ports/repository.ts';

/** One entry of a directory as GitLab lists it; `mode` in octal, six digits. */
export interface Listed {
  id: string;
  name: string;
  mode: string;
}

/** A directory at one tree id with everything below it. Immutable, so equal ones are shared between commits. */
export interface Directory {
  digest: string;
  entries: readonly Listed[];
  children: ReadonlyMap<string, Directory>;
  /** Entries in it and below. */
  count: number;
}

const DIRECTORY = '040000';
const MODES: Record<string, TreeEntry['mode']> = {
  [DIRECTORY]: 'directory',
  '100755': 'executable',
  '120000': 'symlink',
  '160000': 'submodule',
};

/** True for an entry that is a directory. */
export const isDirectory = ({ mode }: Listed): boolean => mode === DIRECTORY;

/** Git compares names as bytes, a directory's as if it ended in a slash. */
const sortKey = (entry: Listed): Buffer => Buffer.from(isDirectory(entry) ? `${entry.name}/` : entry.name);

/**
 * The id that git gives a tree of these entries: GitLab's API does not tell a commit's tree id.
 * Source: git's object format (`tree <size>\0` and `<mode> <name>\0<raw id>` for each entry, in order).
 */
export const treeId = (entries: readonly Listed[], like: string): string => {
  const sorted = [...entries].sort((a, b) => Buffer.compare(sortKey(a), sortKey(b)));
  const body = Buffer.concat(
    sorted.flatMap(({ mode, name, id }) => [
      Buffer.from(`${mode.replace(/^0+/, '')} ${name}\0`),
      Buffer.from(id, 'hex'),
    ]),
  );
  const hash = createHash(like.length === 64 ? 'sha256' : 'sha1');
  return hash.update(`tree ${body.length}\0`).update(body).digest('hex');
};

/** Puts a directory together from its entries and its subdirectories. */
export const createDirectory = (
  digest: string,
  entries: readonly Listed[],
  children: ReadonlyMap<string, Directory>,
): Directory => ({
  digest,
  entries,
  children,
  count: [...children.values()].reduce((sum, child) => sum + child.count, entries.length),
});

/** Every entry below a directory by full path. */
export const flatten = (root: Directory): Map<string, TreeEntry> => {
  const found = new Map<string, TreeEntry>();
  const visit = (directory: Directory, prefix: string): void => {
    for (const { id, name, mode } of directory.entries) {
      const path = prefix + name;
      found.set(path, { path, mode: MODES[mode] ?? 'file', digest: id });
      const child = directory.children.get(name);
      if (child) visit(child, `${path}/`);
    }
  };
  visit(root, '');
  return found;
};
