import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';

/** Forge-neutral states; each adapter maps them to what its forge knows. */
export type StatusState = 'pending' | 'running' | 'success' | 'failure' | 'canceled';

export interface CommitStatus {
  repository: RepositoryConfig;
  commit: string;
  /** Full ref that the commit was pushed to; GitLab wants the branch or tag name. */
  ref: string;
  /** `towline/<environment>`, at most 255 characters. */
  context: string;
  state: StatusState;
  /** At most 140 characters; longer text is cut by the caller. */
  description: string;
  /** Page of the rollout. */
  targetURL?: string;
  /** Where in the repository's files it is wrong; forges that know no such thing leave them out. */
  annotations?: StatusAnnotation[];
}

/** What is wrong at one line (from 1) of a file of the commit. */
export interface StatusAnnotation {
  path: string;
  line: number;
  message: string;
}

/**
 * Writes commit statuses. Errors: AppError `forge-unreachable`, `forge-rate-limited` (transient, with
 * retryAfterSeconds), `forge-denied`, `commit-unknown`, `status-refused` (permanent).
 */
export interface CommitStatuses {
  post(status: CommitStatus): Promise<void>;
  /** Whether this is what the commit shows in this context now. */
  isShown(status: CommitStatus): Promise<boolean>;
}
