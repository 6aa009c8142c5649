import { createHash } from 'node:crypto';
import type { Repository, Tree, TreeEntry } from '../../src/ports/repository.ts';

export interface MemoryRepository extends Repository {
  /** Commits files to a ref (null deletes one); answers with the commit's id. */
  commit(ref: string, files: Record<string, string | null>): string;
  /** Where every ref stands. */
  heads(): ReadonlyMap<string, string>;
  /** Every place at which a ref ever stood. */
  pushed(): readonly (readonly [ref: string, commit: string])[];
  /** Moves a ref, or deletes it. */
  move(ref: string, commit: string | undefined): void;
  /** Counts of calls, by name. */
  calls: Record<'resolve' | 'listRefs' | 'listTree' | 'readBlobs', number>;
}

const digestOf = (text: string): string => createHash('sha1').update(text).digest('hex');

/** A repository in memory: real digests, trees included. */
export const createMemoryRepository = (): MemoryRepository => {
  const refs = new Map<string, string>();
  const commits = new Map<string, Map<string, string>>();
  const blobs = new Map<string, Uint8Array>();
  const calls = { resolve: 0, listRefs: 0, listTree: 0, readBlobs: 0 };
  const trees = new Map<string, Tree>();
  const pushed: [string, string][] = [];
  const move = (ref: string, commit: string): void => {
    refs.set(ref, commit);
    pushed.push([ref, commit]);
  };
  return {
    calls,
    heads: () => refs,
    pushed: () => pushed,
    commit: (ref, changes) => {
      const files = new Map(commits.get(refs.get(ref) ?? '') ?? []);
      for (const [path, text] of Object.entries(changes)) {
        if (text === null) files.delete(path);
        else {
          const digest = digestOf(text);
          blobs.set(digest, Buffer.from(text));
          files.set(path, digest);
        }
      }
      const id = digestOf(JSON.stringify([refs.get(ref) ?? '', [...files].toSorted()]));
      commits.set(id, files);
      move(ref, id);
      return id;
    },
    move: (ref, commit) => {
      if (commit === undefined) refs.delete(ref);
      else move(ref, commit);
    },
    resolve: (ref) => {
      calls.resolve += 1;
      return Promise.resolve(commits.has(ref) ? ref : refs.get(ref === 'HEAD' ? 'refs/heads/main' : ref));
    },
    defaultBranch: () => Promise.resolve('refs/heads/main'),
    listRefs: () => {
      calls.listRefs += 1;
      return Promise.resolve(new Map(refs));
    },
    listTree: (commit) => {
      calls.listTree += 1;
      const tree = trees.get(commit) ?? treeOf(commit, commits.get(commit) ?? new Map());
      trees.set(commit, tree);
      return Promise.resolve(tree);
    },
    readBlobs: (digests) => {
      calls.readBlobs += 1;
      return Promise.resolve(
        new Map(
          digests.flatMap((digest) => {
            const bytes = blobs.get(digest);
            return bytes ? [[digest, bytes] as const] : [];
          }),
        ),
      );
    },
  };
};

const treeOf = (commit: string, files: ReadonlyMap<string, string>): Tree => {
  const entries = new Map<string, TreeEntry>();
  const directories = new Map<string, string[]>();
  for (const [path, digest] of [...files].toSorted()) {
    entries.set(path, { path, mode: 'file', digest });
    for (let end = path.lastIndexOf('/'); end >= 0; end = path.lastIndexOf('/', end - 1)) {
      const directory = path.slice(0, end);
      directories.set(directory, [...(directories.get(directory) ?? []), `${path} ${digest}`]);
      if (end === 0) break;
    }
  }
  for (const [path, content] of directories) {
    entries.set(path, { path, mode: 'directory', digest: digestOf(content.join('\n')) });
  }
  return { commit, digest: digestOf(JSON.stringify([...files].toSorted())), entries };
};
