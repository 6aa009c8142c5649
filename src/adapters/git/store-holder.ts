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
  const held = createHeld<ObjectStore>();
  const make = async (): Promise<ObjectStore | undefined> => {
    const format = await (await open()).objectFormat();
    return format && createStore(settings, cacheDir, url, format, newId);
  };
  const get = () => held.get(async () => (await findStore(settings, cacheDir, url)) ?? make());
  const replace = async (broken: ObjectStore | undefined): Promise<ObjectStore | undefined> => {
    if (broken === undefined || held.value() !== broken) return get();
    broken.close();
    held.drop();
    return held.get(async () => {
      await removeStores(cacheDir, url, newId);
      return make();
    });
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
      held.value()?.close();
      held.drop();
    },
  };
};

/** One value that is made once, however many ask at a time; a failure or nothing is not held. */
const createHeld = <Value>() => {
  let making: Promise<Value | undefined> | undefined;
  let made: Value | undefined;
  const drop = (): void => {
    making = undefined;
    made = undefined;
  };
  return {
    value: () => made,
    drop,
    get: (make: () => Promise<Value | undefined>): Promise<Value | undefined> => {
      if (making) return making;
      const own = make().then(
        (value) => {
          if (making === own) made = value;
          if (making === own && value === undefined) drop();
          return value;
        },
        (error: unknown) => {
          if (making === own) drop();
          throw error;
        },
      );
      making = own;
      return own;
    },
  };
};
