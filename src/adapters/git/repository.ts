import { permanent } from '../../domain/errors.ts';
import { isObjectId, isRefName, isShortObjectId } from '../../domain/git-name.ts';
import type { NewId } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Repository } from '../../ports/repository.ts';
import { type CachedObjects, createCachedObjects } from './cached-objects.ts';
import { createGarbageCollector } from './collect-garbage.ts';
import { createFetchQueue, createTurns } from './fetch-queue.ts';
import { isCacheBroken, showURL } from './git-errors.ts';
import type { ObjectStore } from './object-store.ts';
import { createTransport, gitSettings, type OpenedTransport } from './open-transport.ts';
import { createStoreHolder, type StoreHolder } from './store-holder.ts';
import type { FetchedRefs, RemoteRefs } from './transport.ts';

export interface GitRepositoryOptions {
  /** `https://…`; in local mode also `http://…`, `file://…` and absolute paths. Without user or password. */
  url: string;
  /** The token, or JSON `{"username": …, "password": …}`; asked before every request, so a rotated one is taken up. */
  credential?: (() => Promise<string | undefined>) | undefined;
  /** Directory under which the bare cache repository lives; made when it is not there. */
  cacheDir: string;
  log: Log;
  /** Local mode: http, loopback hosts and file paths are allowed. */
  allowInsecure: boolean;
  newId: NewId;
  /** `PATH` to look for git in; default: the usual places. */
  searchPath?: string | undefined;
}

export type GitRepository = Repository & { close(): void };

/**
 * Reads a repository of any Git server (or, in local mode, a path) through a bare cache repository on disk. The cache
 * may be deleted or damaged at any time: it is made again. One object per cache: fetches queue inside it. `close` ends
 * its git process and connections. Errors: those of `Repository`, and AppError `git-missing`, `repository-url-refused`,
 * `repository-corrupt` (git refuses the objects that the server sends), `blob-too-large` (all permanent).
 */
export const createGitRepository = (options: GitRepositoryOptions): GitRepository => {
  const transport = createTransport(options);
  const stores = createStoreHolder(options, transport.open);
  let head: string | undefined;
  const context = { ...options, transport, stores, fetched: createGarbageCollector(gitSettings(options)) };
  const inTurn = createTurns();
  const queueOf = (fresh: boolean) =>
    createFetchQueue<string>(async (names) => {
      const { ids, head: told } = await inTurn(() => fetchOrRenew(context, names, fresh));
      head = told ?? head;
      return ids;
    });
  const fetchRef = queueOf(false);
  const objects = createCachedObjects({ stores, fetchAgain: queueOf(true) });
  const list = async () => {
    const remote = await (await transport.open()).listRefs();
    head = remote.head;
    return remote;
  };
  return {
    resolve: async (ref) => {
      if (isShortObjectId(ref)) return (await objects.commitHere(ref)) ?? onlyOne(ref, listed(await list()).values());
      const here = isObjectId(ref) ? await objects.commitHere(ref) : undefined;
      if (here !== undefined || !(isObjectId(ref) || isRefName(ref))) return here;
      const id = await fetchRef(ref);
      return id && objects.commit(id);
    },
    defaultBranch: async () => head ?? (await list()).head,
    listRefs: async () => listed(await list()),
    listTree: async (commit) => (await objects.tree(commit)) ?? notFound(options.url, 'commit', commit),
    readBlobs: (digests) => readAll(objects, options.url, digests),
    close: () => {
      stores.close();
      transport.close();
    },
  };
};

const readAll = async (objects: CachedObjects, url: string, digests: readonly string[]) => {
  const blobs = await objects.blobs(digests);
  const missing = digests.find((digest) => !blobs.has(digest));
  return missing === undefined ? blobs : notFound(url, 'blob', missing);
};

/** Branches, tags and HEAD, peeled. */
const listed = ({ ids }: RemoteRefs): Map<string, string> =>
  new Map([...ids].flatMap(([name, { id, peeled }]) => (LISTED.test(name) ? [[name, peeled ?? id] as const] : [])));

/** A server tells commits of its refs alone by less than their whole id. */
const onlyOne = (short: string, commits: Iterable<string>): string | undefined => {
  const found = new Set([...commits].filter((commit) => commit.startsWith(short)));
  return found.size === 1 ? [...found][0] : undefined;
};

const LISTED = /^(?:HEAD$|refs\/heads\/|refs\/tags\/)/;

const notFound = (url: string, what: 'commit' | 'blob', id: string): never => {
  throw permanent(`${what}-not-found`, `repository ${showURL(url)} has no ${what} ${id}`, { details: { [what]: id } });
};

interface FetchContext {
  url: string;
  log: Log;
  transport: OpenedTransport;
  stores: StoreHolder;
  /** Told of every fetch that was stored. */
  fetched: (store: ObjectStore) => void;
}

/** Fetches; where the cache did not take the objects, once more into a new one. */
const fetchOrRenew = async (
  { url, log, transport, stores, fetched }: FetchContext,
  names: readonly string[],
  fresh: boolean,
): Promise<FetchedRefs> => {
  const fetchInto = async (store: ObjectStore | undefined): Promise<FetchedRefs> => {
    if (!store) return { ids: new Map() };
    const answer = await (await transport.open()).fetch(store, names, { fresh });
    fetched(store);
    return answer;
  };
  const store = await stores.get();
  try {
    return await fetchInto(store);
  } catch (error) {
    if (!isCacheBroken(error)) throw error;
    log.warn('git cache unusable, making it again', { repository: showURL(url), error });
    return await fetchInto(await stores.replace(store)).catch((again: unknown) => {
      throw isCacheBroken(again) ? corrupt(url, again) : again;
    });
  }
};

const corrupt = (url: string, cause: unknown) =>
  permanent('repository-corrupt', `git refuses the objects of repository ${showURL(url)}: run git fsck on it`, {
    details: { repository: showURL(url) },
    cause,
  });
