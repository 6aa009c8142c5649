import { isObjectId, isShortObjectId } from '../../domain/git-name.ts';
import type { Tree } from '../../ports/repository.ts';
import type { GitObject } from './object-reader.ts';
import type { StoreHolder } from './store-holder.ts';
import { createTreeCache, entriesOf, listOf } from './tree-node.ts';

export interface CachedObjectsOptions {
  stores: StoreHolder;
  /** Fetches an object by id, whole, whatever the cache says that it has. Undefined: the server has not got it. */
  fetchAgain: (id: string) => Promise<string | undefined>;
}

export interface CachedObjects {
  /** The commit that an id (also of an annotated tag) stands for; undefined: it stands for none here. */
  commitHere(id: string): Promise<string | undefined>;
  /** The same, after fetching it where it is not here. */
  commit(id: string): Promise<string | undefined>;
  tree(commit: string): Promise<Tree | undefined>;
  /** Those of the blobs that exist. */
  blobs(digests: readonly string[]): Promise<Map<string, Uint8Array>>;
}

/** What a look into the cache found: `missing` may be cured by fetching, `none` may not. */
type Look<Found> = Found | 'missing' | 'none';

/** Reads objects from the cache, and cures it where something that should be there is missing or damaged. */
export const createCachedObjects = ({ stores, fetchAgain }: CachedObjectsOptions): CachedObjects => {
  const look = createLook(stores);
  const renewAndFetch = async (id: string): Promise<string | undefined> => {
    await stores.renew();
    return fetchAgain(id);
  };
  /** Looks; fetches and looks again; and where git kept a damaged object in spite of that, into a new cache. */
  const obtain = async <Found>(id: string, lookFor: (id: string) => Promise<Look<Found>>) => {
    for (const cure of [undefined, fetchAgain, renewAndFetch]) {
      if (cure && (await cure(id)) === undefined) return undefined;
      const found = await lookFor(id);
      if (found !== 'missing') return found === 'none' ? undefined : found;
    }
    return undefined;
  };
  return {
    commitHere: async (id) => {
      const found = await look.commit(id);
      return typeof found === 'string' ? undefined : found.id;
    },
    commit: async (id) => (await obtain(id, look.commit))?.id,
    tree: (commit) => obtain(commit, look.tree),
    blobs: async (digests) => {
      const found = new Map<string, Uint8Array>();
      const read = async (digest: string): Promise<void> => {
        const bytes = await obtain(digest, look.blob);
        if (bytes) found.set(digest, bytes);
      };
      await Promise.all([...new Set(digests)].map(read));
      return found;
    },
  };
};

/** Looks into the cache as it is. */
const createLook = (stores: StoreHolder) => {
  const trees = createTreeCache();
  const read = (name: string): Promise<GitObject | undefined> => stores.use(async (store) => store?.read(name));
  const commit = async (id: string): Promise<Look<{ id: string; tree: string }>> => {
    if (!isObjectId(id) && !isShortObjectId(id)) return 'none';
    const object = await read(`${id}^{}`);
    if (!object) return 'missing';
    if (object.type !== 'commit') return 'none';
    return { id: object.id, tree: object.data.toString('latin1', 'tree '.length, object.data.indexOf(10)) };
  };
  return {
    commit,
    tree: async (id: string): Promise<Look<Tree>> => {
      const found = await commit(id);
      if (typeof found === 'string') return found;
      const node = await trees.load(found.tree, async (digest) => (await read(digest))?.data);
      return node ? { commit: found.id, digest: node.digest, entries: entriesOf(node), list: listOf(node) } : 'missing';
    },
    blob: async (digest: string): Promise<Look<Uint8Array>> => {
      if (!isObjectId(digest)) return 'none';
      const object = await read(digest);
      if (!object) return 'missing';
      return object.type === 'blob' ? object.data : 'none';
    },
  };
};
