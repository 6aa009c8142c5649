import { AppError } from '../../domain/errors.ts';
import type { GeneratorRead } from '../../domain/fleet/applicationset/generator-inputs.ts';
import {
  type GeneratorCluster,
  gitKey,
  type InputError,
  NO_INPUTS,
} from '../../domain/fleet/applicationset/generator-inputs.ts';
import type { GeneratorWorld } from '../../domain/fleet/applicationset/generator-reads.ts';
import { type GeneratorTree, listingOf } from '../answer-from-trees.ts';
import { eachOf } from '../each-of.ts';
import type { TreeReader } from './tree-reader.ts';

interface At {
  repoURL: string;
  revision: string;
}

/** The trees that generators read in one plan, each read once. */
export interface GeneratorTrees {
  /** A tree that cannot be read is an answer, so that one set's repository does not hold up the others. */
  read(at: At): Promise<GeneratorTree | InputError>;
  /** Reads the trees that earlier expansions were made from. */
  readAll(reads: readonly GeneratorRead[]): Promise<void>;
  /** What was read so far, and the fleet's clusters. */
  world(clusters: GeneratorCluster[]): GeneratorWorld;
  /** Whether a tree that belongs to some of the reads could not be read for a reason that may pass. */
  isUnread(reads: readonly GeneratorRead[]): boolean;
}

const READS_IN_FLIGHT = 4;

/** Errors thrown: those of the planned repository itself that may pass, since then the plan as a whole waits. */
export const createGeneratorTrees = (trees: TreeReader, isOwn: (repoURL: string) => boolean): GeneratorTrees => {
  const pending = new Map<string, Promise<GeneratorTree | InputError>>();
  const known = new Map<string, GeneratorTree>();
  const unread = new Set<string>();
  const readOne = async (at: At): Promise<GeneratorTree | InputError> => {
    try {
      const tree = await trees.at({ repoURL: at.repoURL, targetRevision: at.revision });
      known.set(gitKey(at), tree);
      return tree;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.kind !== 'transient') return { error: error.message };
      if (isOwn(at.repoURL)) throw error;
      unread.add(gitKey(at));
      return { error: `${error.message}; it is read again every minute` };
    }
  };
  const read = (at: At): Promise<GeneratorTree | InputError> => {
    const key = gitKey(at);
    const found = pending.get(key) ?? readOne(at);
    pending.set(key, found);
    return found;
  };
  return {
    read,
    readAll: async (reads) => {
      const wanted = new Map(reads.flatMap((one) => ('repoURL' in one ? [[gitKey(one), one]] : [])));
      await eachOf([...wanted.values()], READS_IN_FLIGHT, async (one) => void (await read(one)));
    },
    world: (clusters) => ({ ...NO_INPUTS, clusters, tree: (at) => listedTree(known.get(gitKey(at))) }),
    isUnread: (reads) => reads.some((one) => 'repoURL' in one && unread.has(gitKey(one))),
  };
};

const listedTree = (found: GeneratorTree | undefined) =>
  found && { tree: found.tree, listed: () => listingOf(found.tree) };
