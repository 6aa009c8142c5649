import type { PullRequest, ScmRepository } from '../domain/fleet/applicationset/generator-inputs.ts';
import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';

/** Which repositories of an organization or group. */
export interface RepositoryQuery {
  /** Organization, or group by path or id. */
  path: string;
  archived: boolean;
  /** GitLab: also those of groups within, and those shared with the group. */
  subgroups: boolean;
  shared: boolean;
  topic?: string;
}

/** A repository as its forge lists it; both addresses, since the generator says which one it wants. */
export interface ListedRepository extends Omit<ScmRepository, 'url' | 'branch' | 'sha'> {
  ssh: string;
  https: string;
  /** Short name; absent where the repository is empty. */
  defaultBranch?: string;
}

/**
 * What a forge lists for generators, with the credentials of one registered repository. Errors: AppError
 * `repository-unreachable`, `repository-rate-limited` (transient), `repository-denied`, `repository-not-found`,
 * `list-too-long` (permanent).
 */
export interface ForgeLists {
  /** Those with all the labels; open ones where no state of the forge's is named (GitLab: all). */
  pullRequests(query: { path: string; labels: readonly string[]; state?: string }): Promise<PullRequest[]>;
  repositories(query: RepositoryQuery): Promise<ListedRepository[]>;
  /** Branches with their commits: the default one, where it is there, or all. */
  branches(repository: ListedRepository, all: boolean): Promise<{ name: string; sha: string }[]>;
  /** Whether a branch has a file or directory of this path. */
  hasPath(repository: ListedRepository, at: { branch: string; path: string }): Promise<boolean>;
}

/** Opens the lists of the forge that a repository is registered at; the same object for the same registration. */
export type OpenForgeLists = (forge: RepositoryConfig) => ForgeLists;
