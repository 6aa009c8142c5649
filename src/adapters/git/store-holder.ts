import type { NewId } from '../../ports/clock.ts';
import { isCacheBroken } from './git-errors.ts';
import { createStore, findStore, type ObjectStore, removeStores } from './object-store.ts';
import { gitSettings } from './open-transport.ts';
import type { Transport } from './transport.ts';

export interface StoreHolderOptions {
  url: string;
  cacheDir: string;
  allowInsecure: boolean;
  newId: NewId;
  searchPath?: string | undefined;
}

export interface StoreHolder {
  /** The cache, opened or made. Undefined while the remote repository is empty and its format unknown. */
  get(): Promise<ObjectStore | undefined>;
  /** Deletes a broken cache and makes a new one; a caller that comes second gets the first one's. */
  replace(broken: ObjectStore | undefined): Promise<ObjectStore | undefined>;
  /** Deletes the cache and makes a new one. */
  renew(): Promise<void>;
  /** Does a read; once more with a new, empty cache where the old one turned out to be damaged. */
  use<Result>(work: (store: ObjectStore | undefined) => Promise<Result>): Promise<Result>;
  close(): void;
}

/** Holds the one open cache of a repository. */
export const createStoreHolder = (options: StoreHolderOptions, open: () => Promise<Transport>): StoreHolder => {
  const { url, cacheDir, newId } = options;
  const settings = gitSettings(options);
  let current: Promise<ObjectStore | undefined> | undefined;
  let opened: ObjectStore | undefined;
  const make = async (): Promise<ObjectStore | undefined> => {
    const format = await (await open()).objectFormat();
    return format && createStore(settings, cacheDir, url, format, newId);
  };
  const hold = (opening: Promise<ObjectStore | undefined>): Promise<ObjectStore | undefined> => {
    const held = opening.then(
      (store) => {
        opened = store;
        if (!store && current === held) current = undefined;
        return store;
      },
      (error: unknown) => {
        if (current === held) current = undefined;
        throw error;
      },
    );
    current = held;
    return held;
  };
  const get = () => current ?? hold(findStore(settings, cacheDir, url).then((store) => store ?? make()));
  const replace = async (broken: ObjectStore | undefined): Promise<ObjectStore | undefined> => {
    if (broken === undefined || opened !== broken) return get();
    opened = undefined;
    broken.close();
    return hold(removeStores(cacheDir, url, newId).then(make));
  };
  return {
    get,
    replace,
    renew: async () => {
      await replace(await get());
    },
    use: async (work) => {
      const store = await get();
      try {
        return await work(store);
      } catch (error) {
        if (!isCacheBroken(error)) throw error;
        return work(await replace(store));
      }
    },
    close: () => {
      opened?.close();
      opened = undefined;
      current = undefined;
    },
  };
};
