import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';

/** One entry of a commit's tree. Paths are relative to the repository's root, without a leading slash. */
export interface TreeEntry {
  path: string;
  mode: 'file' | 'executable' | 'symlink' | 'submodule' | 'directory';
  /** Git object id: of the blob, of the tree, or the submodule's commit. Lower-case hex, 40 or 64 digits. */
  digest: string;
  /** Bytes, where the host tells it with the listing. */
  size?: number;
}

/** Every entry of a commit's tree, directories included, by path. The root is not an entry: its id is `digest`. */
export interface Tree {
  commit: string;
  digest: string;
  entries: ReadonlyMap<string, TreeEntry>;
  /** What is directly in a directory ('' is the root), where that is known without a walk through all entries. */
  list?: (directory: string) => TreeEntry[];
}

/**
 * Reads one Git repository. Errors: AppError `repository-unreachable`, `repository-rate-limited` (transient),
 * `repository-denied`, `repository-not-found`, `commit-not-found`, `tree-too-large`, `blob-not-found` (permanent). The
 * adapters add `git-missing`, `repository-url-refused`, `repository-url-invalid`, `repository-corrupt`, `blob-too-large`,
 * `forge-credentials-invalid` (all permanent: the message names the remedy).
 */
export interface Repository {
  /**
   * The commit that a ref points at now: `HEAD` (the default branch), a full ref name, or a commit id (its first 7 digits
   * or more; a plain Git server knows short ones of branches, tags and what was read before alone). Annotated tags are
   * peeled to their commit. Undefined: there is no such ref, or several commits begin so.
   */
  resolve(ref: string): Promise<string | undefined>;
  /** Full name of the branch that `HEAD` stands for (`refs/heads/main`); may be minutes old. Undefined: empty repository. */
  defaultBranch(): Promise<string | undefined>;
  /** Every branch and tag (full names, tags peeled) and `HEAD` with its commit: one round trip, for polling. */
  listRefs(): Promise<ReadonlyMap<string, string>>;
  listTree(commit: string): Promise<Tree>;
  /** The newest commit that both have in their past; undefined: they share none. Absent: this host does not tell. */
  mergeBase?(one: string, other: string): Promise<string | undefined>;
  /** The blobs' bytes by digest. Asks for a digest once however often it is named. */
  readBlobs(digests: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

/** Opens the repository registered under a URL; the same object for the same registration. */
export type OpenRepository = (config: RepositoryConfig) => Repository;
