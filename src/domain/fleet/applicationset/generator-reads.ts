import { directoryDigest, type SourceTree } from '../../sources/source-tree.ts';
import { stableDigest } from '../../stable-digest.ts';
import { type GeneratorInputs, type GeneratorRead, type GitInput, isInputError } from './generator-inputs.ts';
import { selectClusters } from './generators/clusters.ts';
import { selectDirectories, selectFiles } from './generators/git.ts';

/** A read and digests of what it found; equal `quick` means equal `exact`, and costs a few look-ups. */
export interface SeenRead {
  read: GeneratorRead;
  quick?: string;
  /** '' where there was nothing to read. */
  exact: string;
}

/** A commit's tree, and its paths as git generators list them. */
export interface ListedTree {
  tree: SourceTree;
  listed: () => GitInput;
}

/** What generators can be asked about again. A tree that could not be read is undefined. */
export interface GeneratorWorld extends Omit<GeneratorInputs, 'git'> {
  tree(at: { repoURL: string; revision: string }): ListedTree | undefined;
}

/** What a read finds now. */
export const lookAt = (read: GeneratorRead, world: GeneratorWorld): SeenRead => {
  const quick = quickDigest(read, world);
  return { read, ...(quick === undefined ? {} : { quick }), exact: exactDigest(read, world) };
};

/** Whether a read would find what it found before. */
export const isStillSeen = ({ read, quick, exact }: SeenRead, world: GeneratorWorld): boolean =>
  (quick !== undefined && quickDigest(read, world) === quick) || exactDigest(read, world) === exact;

/** The digests of the directories below which everything is that the patterns may find. */
const quickDigest = (read: GeneratorRead, world: GeneratorWorld): string | undefined => {
  if (read.type !== 'directories' && read.type !== 'files') return undefined;
  const tree = world.tree(read)?.tree;
  if (!tree) return undefined;
  const included = read.items.filter(({ exclude }) => !exclude);
  return stableDigest(included.map(({ path }) => digestAt(tree, fixedPrefix(path))));
};

const digestAt = (tree: SourceTree, path: string): string | null =>
  (path === '' ? directoryDigest(tree, '') : tree.entries.get(path)?.digest) ?? null;

/** The leading part of a pattern that holds no wildcard; '' where it may mean anything. */
const fixedPrefix = (pattern: string): string => {
  const parts = pattern.replace(/\/+$/, '').split('/');
  if (parts[0] === '' || parts.includes('.') || parts.includes('..')) return '';
  const wild = parts.findIndex((part) => /[*?[{\\]/.test(part));
  return parts.slice(0, wild < 0 ? parts.length : wild).join('/');
};

const exactDigest = (read: GeneratorRead, world: GeneratorWorld): string => {
  switch (read.type) {
    case 'clusters':
      return isInputError(world.clusters) ? '' : stableDigest(selectClusters(read.selector, world.clusters));
    case 'directories': {
      const listed = world.tree(read)?.listed();
      return listed ? stableDigest(selectDirectories(read.items, listed.directories)) : '';
    }
    case 'files':
      return digestOfFiles(read, world);
    case 'pullRequests':
    case 'scmRepositories':
    case 'plugins': {
      const input = world[read.type][read.key];
      return input === undefined || isInputError(input) ? '' : stableDigest(input);
    }
  }
};

const digestOfFiles = (read: GeneratorRead & { type: 'directories' | 'files' }, world: GeneratorWorld): string => {
  const at = world.tree(read);
  if (!at) return '';
  const paths = selectFiles(read.items, at.listed().files, world.newGlobbing ?? false);
  return stableDigest(paths.map((path) => [path, at.tree.entries.get(path)?.digest]));
};
