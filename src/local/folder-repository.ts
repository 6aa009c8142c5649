import { createHash } from 'node:crypto';
import { type Dirent, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eachOf } from '../app/each-of.ts';
import { permanent } from '../domain/errors.ts';
import type { Repository, Tree, TreeEntry } from '../ports/repository.ts';

export interface FolderOptions {
  /** The folder; its working tree counts, committed or not. */
  path: string;
  /** What stands for the commit: its own where the folder is a Git checkout. */
  commit: string;
  /** Paths that are left out, `.git` apart: what Towline itself keeps there, what Git ignores. */
  ignored?: readonly string[];
}

/**
 * A folder as a repository: every ref is its working tree as it is now. Digests are Git's own object ids (SHA-1), computed
 * when somebody looks at them, so that a render costs the files that it reads. Symbolic links stay links, `.git` and empty
 * directories are left out, a checkout inside the folder is a submodule. Errors: AppError `folder-unreadable` (permanent).
 */
export const createFolderRepository = ({ path, commit, ignored = [] }: FolderOptions): Repository => {
  const files = new Map<string, string>();
  let tree: Tree | undefined;
  return {
    resolve: () => Promise.resolve(commit),
    defaultBranch: () => Promise.resolve(DEFAULT_BRANCH),
    listRefs: () =>
      Promise.resolve(
        new Map([
          ['HEAD', commit],
          [DEFAULT_BRANCH, commit],
        ]),
      ),
    listTree: async () => {
      tree ??= readTree({ root: path, files, ignored: new Set(ignored) }, commit);
      return tree;
    },
    readBlobs: async (digests) => {
      const blobs = new Map<string, Uint8Array>();
      await eachOf([...new Set(digests)], READS_IN_FLIGHT, async (digest) => {
        blobs.set(digest, await blobAt(files, digest));
      });
      return blobs;
    },
  };
};

/** Fewer than the files that a process may have open. */
const READS_IN_FLIGHT = 64;
const DEFAULT_BRANCH = 'refs/heads/main';

interface Folder {
  root: string;
  /** Where each blob is whose digest somebody knows. */
  files: Map<string, string>;
  ignored: ReadonlySet<string>;
}

const unreadable = (path: string, error: unknown) => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return permanent('folder-unreadable', `${path}: cannot be read (${code})`, { details: { path }, cause: error });
};

/** Runs one access to the disk; what goes wrong names the path. */
const reading = <T>(path: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw unreadable(path, error);
  }
};

const blobAt = async (files: ReadonlyMap<string, string>, digest: string): Promise<Uint8Array> => {
  const path = files.get(digest);
  if (path === undefined) throw permanent('blob-not-found', `the folder has no blob ${digest}`);
  if (lstatSync(path).isSymbolicLink()) return readlinkSync(path, { encoding: 'buffer' });
  return readFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
};

const readTree = (folder: Folder, commit: string): Tree => {
  const entries = new Map<string, TreeEntry>();
  const digest = once(treeDigest(listFolder(folder, '', entries)));
  return {
    commit,
    entries,
    get digest() {
      return digest();
    },
  };
};

/** Lists a directory with all that is below it; answers with its own entries. */
const listFolder = (folder: Folder, directory: string, entries: Map<string, TreeEntry>): TreeEntry[] => {
  const place = join(folder.root, directory);
  const names = reading(place, () => readdirSync(place, { withFileTypes: true }));
  return names.flatMap((one) => {
    const path = directory === '' ? one.name : `${directory}/${one.name}`;
    if (one.name === '.git' || folder.ignored.has(path)) return [];
    const entry = one.isDirectory() ? directoryEntry(folder, path, entries) : fileEntry(folder, path, one);
    if (!entry) return [];
    entries.set(path, entry);
    return [entry];
  });
};

const directoryEntry = (folder: Folder, path: string, entries: Map<string, TreeEntry>): TreeEntry | undefined => {
  const place = join(folder.root, path);
  if (lstatSync(join(place, '.git'), { throwIfNoEntry: false }))
    return entryOf(path, 'submodule', () => UNKNOWN_COMMIT);
  const children = listFolder(folder, path, entries);
  return children.length === 0 ? undefined : entryOf(path, 'directory', treeDigest(children));
};

const UNKNOWN_COMMIT = '0'.repeat(40);

/** Undefined for what Git does not keep: sockets, pipes, devices. */
const fileEntry = (folder: Folder, path: string, found: Dirent): TreeEntry | undefined => {
  const place = join(folder.root, path);
  const digestOf = (read: () => Buffer) => (): string => {
    const digest = objectId('blob', reading(place, read));
    folder.files.set(digest, place);
    return digest;
  };
  if (found.isSymbolicLink()) {
    const link = digestOf(() => readlinkSync(place, { encoding: 'buffer' }));
    return entryOf(path, 'symlink', link);
  }
  if (!found.isFile()) return undefined;
  const { mode, size } = reading(place, () => lstatSync(place));
  const isExecutable = (mode & 0o100) !== 0;
  return entryOf(
    path,
    isExecutable ? 'executable' : 'file',
    digestOf(() => readFileSync(place)),
    size,
  );
};

const entryOf = (path: string, mode: TreeEntry['mode'], digestOf: () => string, size?: number): TreeEntry => {
  const digest = once(digestOf);
  return {
    path,
    mode,
    get digest() {
      return digest();
    },
    ...(size === undefined ? {} : { size }),
  };
};

const once = (make: () => string): (() => string) => {
  let known: string | undefined;
  return () => (known ??= make());
};

const GIT_MODES: Readonly<Record<TreeEntry['mode'], string>> = {
  file: '100644',
  executable: '100755',
  symlink: '120000',
  submodule: '160000',
  directory: '40000',
};

/** Git's id of a tree object: entries by name, byte by byte, directories as if their names ended in a slash. */
const treeDigest = (children: readonly TreeEntry[]) => (): string => {
  const lines = children.map((entry) => {
    const name = Buffer.from(entry.path.slice(entry.path.lastIndexOf('/') + 1));
    return { entry, name, order: entry.mode === 'directory' ? Buffer.concat([name, Buffer.from('/')]) : name };
  });
  const content = lines
    .toSorted((a, b) => Buffer.compare(a.order, b.order))
    .flatMap(({ entry, name }) => [
      Buffer.from(`${GIT_MODES[entry.mode]} `),
      name,
      Buffer.from([0]),
      Buffer.from(entry.digest, 'hex'),
    ]);
  return objectId('tree', Buffer.concat(content));
};

const objectId = (type: 'blob' | 'tree', content: Uint8Array): string =>
  createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');
