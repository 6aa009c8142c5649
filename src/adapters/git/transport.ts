import type { ObjectFormat, ObjectStore } from './object-store.ts';

/** What a server says about its refs. Ids are of the object a ref names; `peeled` of what an annotated tag points at. */
export interface RemoteRefs {
  ids: ReadonlyMap<string, { id: string; peeled?: string | undefined }>;
  /** Full name of the branch that `HEAD` stands for, where the server tells. */
  head?: string | undefined;
}

/**
 * Talks to a Git server. Errors: AppError `repository-unreachable`, `repository-rate-limited` (transient),
 * `repository-denied`, `repository-not-found`, `git-missing` (permanent), and `git-cache-broken` where the server is
 * well but the store did not take its objects.
 */
export interface Transport {
  listRefs(): Promise<RemoteRefs>;
  /** The repository's object format; undefined: it is empty and the server does not say. */
  objectFormat(): Promise<ObjectFormat | undefined>;
  /**
   * Brings what these refs or object ids stand for, complete at depth one, into the store. Answers with the object id
   * of each that exists. `fresh`: sends all of it, also what the store should already hold.
   */
  fetch(store: ObjectStore, names: readonly string[], options?: { fresh?: boolean }): Promise<FetchedRefs>;
}

export interface FetchedRefs {
  ids: ReadonlyMap<string, string>;
  head?: string | undefined;
}
