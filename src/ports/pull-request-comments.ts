import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';

export interface PullRequestComment {
  repository: RepositoryConfig;
  /** GitHub's number, GitLab's iid. */
  number: number;
  /** Markdown that holds `marker`. */
  body: string;
  /** Hidden text by which an own comment is found whose id is not known. */
  marker: string;
  /** The comment that is edited in place, where it is known. */
  id?: string;
}

/**
 * Writes the one comment of a pull request (GitLab: the note of a merge request). Errors: AppError `forge-unreachable`,
 * `forge-rate-limited` (transient, with retryAfterSeconds), `forge-denied`, `comment-refused` (permanent).
 */
export interface PullRequestComments {
  /** Edits the comment, or writes it where there is none (any more). Answers with its id. */
  upsert(comment: PullRequestComment): Promise<{ id: string }>;
}
