import { permanent } from '../errors.ts';
import type { BundleInput } from './bundle.ts';
import type { SourceInput } from './inputs.ts';
import type { SourceErrorCode } from './inspection.ts';
import { isLfsPointer } from './manifest-text.ts';
import { isLinked, listDirectory, type SourceEntry, type SourceTree } from './source-tree.ts';

/** A tree that a source turns out to read beside its own: a chart that its chart depends on, a remote base, a file at a URL. */
export type OtherRequest =
  | { type: 'chart'; repoURL: string; chart: string; targetRevision: string }
  | { type: 'base'; candidates: readonly BaseAddress[]; targetRevision?: string }
  | { type: 'file'; url: string };

/** A URL cut into repository and directory; where it is not plain where to cut, there are several. */
export interface BaseAddress {
  repoURL: string;
  path: string;
}

/** What a request came to: `path` is the directory in the tree, of a file its own path. */
export type OtherTree = { trace: Trace; path: string } | { reason: string };

/** The other trees of one pass; what is `wanted` is opened before the next one. */
export interface OtherTrees {
  known: ReadonlyMap<string, OtherTree>;
  wanted: Map<string, OtherRequest>;
}

/**
 * One pass over what a source reads. A pass is pure: texts that it would like to see and that were not read yet are put
 * down in `wanted`; whoever runs it reads them, all at once, and runs it again, until nothing is wanted.
 */
export interface Trace {
  tree: SourceTree;
  texts: ReadonlyMap<string, string>;
  wanted: Set<string>;
  inputs: Map<string, SourceInput>;
  files: Map<string, BundleInput>;
  /** Name of the `ref` source that the tree belongs to; undefined: the source's own. */
  ref?: string;
  /** Where the tree's files stand in the bundle, for a tree that is not the source's own; '' or ending in a slash. */
  prefix?: string;
  /** Trees of elsewhere that the source reads. */
  others?: OtherTrees;
}

/** A trace of a tree with nothing noted yet. */
export const startTrace = (tree: SourceTree, texts: ReadonlyMap<string, string>, ref?: string): Trace => ({
  tree,
  texts,
  wanted: new Set(),
  inputs: new Map(),
  files: new Map(),
  ...(ref === undefined ? {} : { ref }),
});

/** What stands at a path, symbolic links followed; `unread`: a link's text has to be read first. */
export type Found = SourceEntry | 'absent' | 'unread';

const LINKS_AT_MOST = 40;

/** Stops the inspection: an error of the source, fit for a commit status. */
export const fail = (code: SourceErrorCode, message: string, at: { file?: string; line?: number } = {}) =>
  permanent(code, message, { details: at });

/**
 * Puts down an input once. What is absent behind a symbolic link is put down where the link leads to: the place itself is
 * taken, by the link.
 */
export const note = (trace: Trace, input: SourceInput): void => {
  const isAbsent = (input[0] === 'file' || input[0] === 'tree') && input[2] === null;
  if (isAbsent && isLinked(trace.tree, input[1])) return;
  trace.inputs.set(`${input[0]} ${typeof input[1] === 'string' ? input[1] : JSON.stringify(input[1])}`, input);
};

/** The entry at a path, symbolic links within the repository followed. Errors: `symlink-refused`, `submodule-unsupported`. */
export const locate = (trace: Trace, path: string): Found => {
  let at = path;
  for (let links = 0; links <= LINKS_AT_MOST; links += 1) {
    const entry = at === '' ? rootEntry(trace.tree) : trace.tree.entries.get(at);
    if (entry && entry.mode !== 'symlink') return refuseSubmodule(entry);
    const link = entry ?? firstLink(trace.tree, at);
    if (link?.mode === 'submodule') return refuseSubmodule(link);
    if (!link) return links === 0 ? 'absent' : dangling(trace, at);
    note(trace, ['link', link.path, link.digest]);
    const text = trace.texts.get(link.path);
    if (text === undefined) {
      trace.wanted.add(link.path);
      return 'unread';
    }
    at = follow(link.path, text, at.slice(link.path.length + 1));
  }
  throw fail('symlink-refused', `${path}: symbolic links go round in a circle`, { file: path });
};

/** Where a link leads to nothing, a commit may put something there, of either kind. */
const dangling = (trace: Trace, path: string): 'absent' => {
  note(trace, ['file', path, null]);
  note(trace, ['tree', path, null]);
  return 'absent';
};

const rootEntry = (tree: SourceTree): SourceEntry => ({ path: '', mode: 'directory', digest: tree.digest });

const refuseSubmodule = (entry: SourceEntry): SourceEntry => {
  if (entry.mode !== 'submodule') return entry;
  const remedy = 'is a Git submodule, which is not supported: copy its files or make it a source of its own';
  throw fail('submodule-unsupported', `${entry.path} ${remedy}`, { file: entry.path });
};

/** The first of a path's parents that is a symbolic link or a submodule. */
const firstLink = (tree: SourceTree, path: string): SourceEntry | undefined => {
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const parent = tree.entries.get(path.slice(0, slash));
    if (!parent || parent.mode === 'file' || parent.mode === 'executable') return undefined;
    if (parent.mode !== 'directory') return parent;
  }
  return undefined;
};

const follow = (link: string, target: string, rest: string): string => {
  const parent = link.includes('/') ? link.slice(0, link.lastIndexOf('/')) : '';
  const path = target.startsWith('/') || target.includes('\0') ? undefined : joinPath(parent, target);
  if (path === undefined) {
    throw fail('symlink-refused', `${link} is a symbolic link that leads out of the repository`, { file: link });
  }
  return rest === '' ? path : path === '' ? rest : `${path}/${rest}`;
};

/**
 * Joins a path to a directory and folds `.` and `..`; undefined where it leads out of the repository or is no path.
 */
export const joinPath = (directory: string, path: string): string | undefined => {
  if (path.includes('\0')) return undefined;
  const parts = directory === '' ? [] : directory.split('/');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
};

/**
 * Puts a file into the bundle under the path by which the source names it, and down as an input. `absent` is put down
 * too: a commit that adds the file affects the source.
 */
export const takeFile = (trace: Trace, path: string, bundlePath = path): Found => {
  const found = locate(trace, path);
  if (found === 'unread') return found;
  if (found === 'absent' || found.mode === 'directory') {
    note(trace, ['file', path, null]);
    return found;
  }
  note(trace, ['file', found.path, found.digest]);
  putFile(trace, bundlePath, found.digest);
  return found;
};

/** Puts a file into the bundle; the input is somebody else's to note. */
export const putFile = (trace: Trace, path: string, digest: string): void => {
  const at = (trace.prefix ?? '') + path;
  trace.files.set(at, { path: at, digest, ...(trace.ref === undefined ? {} : { ref: trace.ref }) });
};

/**
 * A file's text; undefined: it has to be read first (now wanted), or is none. Errors: `lfs-unsupported`, since a pointer says
 * nothing of what the file would.
 */
export const readText = (trace: Trace, entry: SourceEntry): string | undefined => {
  const text = trace.texts.get(entry.path);
  if (text === undefined) trace.wanted.add(entry.path);
  if (text !== undefined && isLfsPointer(text)) {
    const message = `${entry.path} is a Git LFS pointer; LFS is not supported: keep the file in Git itself`;
    throw fail('lfs-unsupported', message, { file: entry.path });
  }
  return text;
};

const FILES_AT_MOST = 20_000;

/** What a link leads to is elsewhere: whoever notes the directory that is walked does not note it. */
const noteBehind = (trace: Trace, { path, mode, digest }: SourceEntry): void =>
  note(trace, [mode === 'directory' ? 'tree' : 'file', path, digest]);

/**
 * Every file below a directory by its path there, symbolic links followed (also those to directories) and
 * put down as inputs with what they lead to. What is not `wanted`
 * is not looked at: a link there is no input, wherever it leads.
 */
export const walkFiles = (
  trace: Trace,
  directory: string,
  wanted: (path: string) => boolean = () => true,
): { path: string; entry: SourceEntry }[] => {
  const found: { path: string; entry: SourceEntry }[] = [];
  const walk = (real: string, shown: string, depth: number): void => {
    if (found.length > FILES_AT_MOST || depth > LINKS_AT_MOST) {
      throw fail('source-too-large', `${directory} holds more than ${FILES_AT_MOST} files, or links to itself`);
    }
    for (const child of listDirectory(trace.tree, real)) {
      const path = shown + child.path.slice(real === '' ? 0 : real.length + 1);
      if (!wanted(path)) continue;
      const entry = child.mode === 'symlink' ? locate(trace, child.path) : refuseSubmodule(child);
      if (typeof entry === 'string') continue;
      if (child.mode === 'symlink') noteBehind(trace, entry);
      if (entry.mode === 'directory') walk(entry.path, `${path}/`, depth + 1);
      else found.push({ path, entry });
    }
  };
  walk(directory, '', 0);
  return found;
};
