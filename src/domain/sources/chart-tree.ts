import { createHash } from 'node:crypto';
import type { SourceEntry, SourceTree } from './source-tree.ts';
import type { ArchivedFile } from './tar.ts';

/** What an archive holds, as sources look at it. */
export interface ArchiveTree {
  tree: SourceTree;
  /** By digest. */
  contents: ReadonlyMap<string, Uint8Array>;
}

const sha256 = (...parts: (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

const isSafe = (path: string): boolean =>
  path !== '' &&
  !path.startsWith('/') &&
  !/[\0\\]/.test(path) &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

/**
 * The tree of an archive's files; `revision` stands for its commit. A chart's archive (`strip`) has everything in one
 * directory, which is taken off. `reason`: a path that leads out, or nothing in it.
 */
export const treeOfArchive = (
  files: readonly ArchivedFile[],
  { revision, strip }: { revision: string; strip: boolean },
): ArchiveTree | { reason: string } => {
  const entries = new Map<string, SourceEntry>();
  const contents = new Map<string, Uint8Array>();
  for (const { name, bytes } of files) {
    const plain = name.replace(/^(?:\.\/)+/, '');
    const path = strip ? plain.slice(plain.indexOf('/') + 1) : plain;
    if (!isSafe(plain) || !isSafe(path)) return { reason: `it holds ${JSON.stringify(name)}, which is no path of it` };
    const digest = sha256('blob\0', bytes);
    entries.set(path, { path, mode: 'file', digest, size: bytes.length });
    contents.set(digest, bytes);
  }
  if (entries.size === 0) return { reason: 'it holds no files' };
  return { tree: { commit: revision, digest: addDirectories(entries), entries }, contents };
};

/** The tree of one file; `revision` stands for its commit. */
export const treeOfFile = (name: string, bytes: Uint8Array, revision: string): ArchiveTree => {
  const digest = sha256('blob\0', bytes);
  const entries = new Map([[name, { path: name, mode: 'file' as const, digest, size: bytes.length }]]);
  return { tree: { commit: revision, digest: addDirectories(entries), entries }, contents: new Map([[digest, bytes]]) };
};

/** Puts in the directories; answers with the root's digest. */
const addDirectories = (entries: Map<string, SourceEntry>): string => {
  const inside = new Map<string, string[]>([['', []]]);
  for (const { path, digest } of [...entries.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    for (let at = path; at !== ''; ) {
      at = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : '';
      inside.set(at, [...(inside.get(at) ?? []), `${path} ${digest}`]);
    }
  }
  for (const [path, lines] of inside) {
    if (path !== '') entries.set(path, { path, mode: 'directory', digest: sha256('tree\0', lines.join('\n')) });
  }
  return sha256('tree\0', (inside.get('') ?? []).join('\n'));
};
