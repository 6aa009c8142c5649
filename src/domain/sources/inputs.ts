import { type FileSelection, selectFiles } from './file-selection.ts';
import { directoryDigest, isLinked, type SourceTree } from './source-tree.ts';

/**
 * One thing that a render read from a tree, with its digest then. Tuples, as an index holds some 50,000 of them.
 *
 * - `file`: a file's content; null: it was looked for and absent (or no file).
 * - `none`: files of a directory that were all looked for and absent (`''`: the root).
 * - `link`: a symbolic link's text.
 * - `tree`: everything in a directory; null: there was no such directory.
 * - `commit`: the commit itself, as the source writes it into its manifests.
 * - `files`: which files a selection finds and their content: the directory's own digest (the quick answer), then the
 *   digest of every match by its path relative to the selection's directory.
 */
export type SourceInput =
  | readonly ['file', path: string, digest: string | null]
  | readonly ['none', directory: string, names: readonly string[]]
  | readonly ['link', path: string, digest: string]
  | readonly ['tree', path: string, digest: string | null]
  | readonly ['commit', commit: string]
  | readonly ['files', selection: FileSelection, treeDigest: string | null, matches: Readonly<Record<string, string>>];

/**
 * Why a source must be looked at again: the first recorded input that is another one in `tree`, in words for people
 * (`base/deployment.yaml changed`). Undefined: the tree holds the same inputs, so the render would be the same.
 */
export const inputsChanged = (inputs: readonly SourceInput[], tree: SourceTree): string | undefined => {
  for (const input of inputs) {
    const reason = changeOf(input, tree);
    if (reason !== undefined) return reason;
  }
  return undefined;
};

const changeOf = (input: SourceInput, tree: SourceTree): string | undefined => {
  switch (input[0]) {
    case 'file':
      return difference(input[1], input[2], fileDigest(tree, input[1]) ?? linkedFrom(input[2], tree, input[1]));
    case 'none': {
      const present = input[2].map((name) => below(input[1], name)).find((path) => isTaken(tree, path));
      if (present !== undefined) return `${present} added`;
      return isLinked(tree, input[1]) ? `${input[1]} became a symbolic link` : undefined;
    }
    case 'link': {
      const entry = tree.entries.get(input[1]);
      return difference(input[1], input[2], entry?.mode === 'symlink' ? entry.digest : null);
    }
    case 'tree':
      return difference(
        input[1] || 'the repository',
        input[2],
        directoryDigest(tree, input[1]) ?? linkedFrom(input[2], tree, input[1]),
      );
    case 'commit':
      return input[1] === tree.commit ? undefined : 'the commit is written into the manifests';
    case 'files':
      return selectionChange(input, tree);
  }
};

/** Whether a file stands at a path, or a link that may lead to one. */
const isTaken = (tree: SourceTree, path: string): boolean => {
  const mode = tree.entries.get(path)?.mode;
  return mode === 'file' || mode === 'executable' || mode === 'symlink';
};

/** What was absent and is now a symbolic link, or behind one, may be there. */
const linkedFrom = (before: string | null, tree: SourceTree, path: string): string | null =>
  before === null && isLinked(tree, path) ? 'linked' : null;

const below = (directory: string, name: string): string => (directory === '' ? name : `${directory}/${name}`);

/** The same inputs in less room: absent files of one directory in one entry, the quick answers first. */
export const compactInputs = (inputs: Iterable<SourceInput>): SourceInput[] => {
  const kept: SourceInput[] = [];
  const absent = new Map<string, string[]>();
  for (const input of inputs) {
    if (input[0] !== 'file' || input[2] !== null) {
      kept.push(input);
      continue;
    }
    const slash = input[1].lastIndexOf('/');
    const directory = slash < 0 ? '' : input[1].slice(0, slash);
    absent.set(directory, [...(absent.get(directory) ?? []), input[1].slice(slash + 1)]);
  }
  return [...kept, ...[...absent].map(([directory, names]) => ['none', directory, names] as const)];
};

const fileDigest = (tree: SourceTree, path: string): string | null => {
  const entry = tree.entries.get(path);
  return entry && (entry.mode === 'file' || entry.mode === 'executable') ? entry.digest : null;
};

const difference = (path: string, before: string | null, after: string | null): string | undefined => {
  if (before === after) return undefined;
  return `${path} ${before === null ? 'added' : after === null ? 'removed' : 'changed'}`;
};

const selectionChange = (input: SourceInput & { 0: 'files' }, tree: SourceTree): string | undefined => {
  const [, selection, treeDigest, matches] = input;
  const digest = directoryDigest(tree, selection.directory) ?? null;
  if (digest === treeDigest) return undefined;
  const now = selectFiles(tree, selection);
  const prefix = selection.directory === '' ? '' : `${selection.directory}/`;
  for (const [name, digest] of Object.entries(matches)) {
    const reason = difference(prefix + name, digest, Object.hasOwn(now, name) ? (now[name] ?? null) : null);
    if (reason !== undefined) return reason;
  }
  const added = Object.keys(now).find((name) => !Object.hasOwn(matches, name));
  if (added !== undefined) return `${prefix}${added} added`;
  // A directory that holds nothing to read is still another thing than none, which is an error.
  const isThere = selection.select === 'glob' || (digest === null) === (treeDigest === null);
  return isThere ? undefined : difference(selection.directory, treeDigest, digest);
};
