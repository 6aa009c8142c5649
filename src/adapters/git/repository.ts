import { permanent } from '../../domain/errors.ts';
import type { NewId } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Repository, Tree } from '../../ports/repository.ts';
import { createFetchQueue, createTurns } from './fetch-queue.ts';
import { isCacheBroken, showURL } from './git-errors.ts';
import type { ObjectStore } from './object-store.ts';
import { createTransport } from './open-transport.ts';
import { isObjectId, isRefName } from './ref-name.ts';
import { createStoreHolder } from './store-holder.ts';
import type { FetchedRefs } from './transport.ts';
import { createTreeCache, entriesOf } from './tree-node.ts';

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
  const { url, log } = options;
  const transport = createTransport(options);
  const stores = createStoreHolder(options, transport.open);
  const trees = createTreeCache();
  let head: string | undefined;

  const fetchInto = async (store: ObjectStore | undefined, names: readonly string[], fresh: boolean) => {
    if (!store) return { ids: new Map<string, string>() };
    return (await transport.open()).fetch(store, names, { fresh });
  };
  /** Fetches; where the cache did not take the objects, once more into a new cache. */
  const bring = async (names: readonly string[], fresh: boolean): Promise<FetchedRefs> => {
    const store = await stores.get();
    try {
      return await fetchInto(store, names, fresh);
    } catch (error) {
      if (!isCacheBroken(error)) throw error;
      log.warn('git cache unusable, making it again', { repository: showURL(url), error });
      return await fetchInto(await stores.replace(store), names, fresh).catch((again: unknown) => {
        throw isCacheBroken(again) ? corrupt(url, again) : again;
      });
    }
  };
  const inTurn = createTurns();
  const queueOf = (fresh: boolean) =>
    createFetchQueue<string>(async (names) => {
      const { ids, head: told } = await inTurn(() => bring(names, fresh));
      head = told ?? head;
      return ids;
    });
  const fetchRef = queueOf(false);
  const fetchAgain = queueOf(true);
  const read = (name: string) => stores.use(async (store) => store?.read(name));
  const commitOf = async (id: string) => {
    const object = await read(`${id}^{commit}`);
    return object && { id: object.id, tree: object.data.toString('latin1', 5, object.data.indexOf(10)) };
  };

  const treeOf = async (commit: string): Promise<Tree | undefined> => {
    const found = await commitOf(commit);
    const node = found && (await trees.load(found.tree, async (digest) => (await read(digest))?.data));
    return found && node && { commit: found.id, digest: node.digest, entries: entriesOf(node) };
  };
  const blobOf = async (digest: string): Promise<Uint8Array> => {
    const find = async () => (isObjectId(digest) ? await read(digest) : undefined);
    const found = (await find()) ?? ((await fetchAgain(digest)) && (await find()));
    if (found && found.type === 'blob') return found.data;
    throw permanent('blob-not-found', `repository ${showURL(url)} has no blob ${digest}`, { details: { digest } });
  };

  return {
    resolve: async (ref) => {
      if (isObjectId(ref)) {
        const local = await commitOf(ref);
        if (local) return local.id;
      } else if (!isRefName(ref)) return undefined;
      const id = await fetchRef(ref);
      return id && (await commitOf(id))?.id;
    },
    defaultBranch: async () => {
      head ??= (await (await transport.open()).listRefs()).head;
      return head;
    },
    listRefs: async () => {
      const remote = await (await transport.open()).listRefs();
      head = remote.head;
      const listed = [...remote.ids].filter(([name]) => name === 'HEAD' || /^refs\/(?:heads|tags)\//.test(name));
      return new Map(listed.map(([name, { id, peeled }]) => [name, peeled ?? id]));
    },
    listTree: async (commit) => {
      const known = isObjectId(commit);
      const tree = known ? await treeOf(commit) : undefined;
      const found = tree ?? (known && (await fetchAgain(commit)) ? await treeOf(commit) : undefined);
      if (found) return found;
      throw permanent('commit-not-found', `repository ${showURL(url)} has no commit ${commit}`, {
        details: { commit },
      });
    },
    readBlobs: async (digests) => {
      const distinct = [...new Set(digests)];
      const blobs = await Promise.all(distinct.map(blobOf));
      return new Map(distinct.map((digest, index) => [digest, blobs[index] ?? new Uint8Array()]));
    },
    close: () => {
      stores.close();
      transport.close();
    },
  };
};

const corrupt = (url: string, cause: unknown) =>
  permanent('repository-corrupt', `git refuses the objects of repository ${showURL(url)}: run git fsck on it`, {
    details: { repository: showURL(url) },
    cause,
  });
