import type { PullRequestChange } from './pull-request.ts';

/** Who the payload says it is about. Names can be given to another repository; the numeric id cannot. */
export interface RepositoryIdentity {
  fullName?: string;
  id?: number;
  /** Web and clone URLs, in the payload's order, without doubles. */
  urls: string[];
}

/** What the payload says happened to a ref. Ids are absent where the forge sends zeros or nothing. */
export interface RefChange {
  /** Full name: `refs/heads/…`, `refs/tags/…`, seldom another `refs/…`. */
  ref: string;
  before?: string;
  after?: string;
  /** The commit that the ref points at: for annotated tags not `after`, which is the tag object. */
  commit?: string;
  created: boolean;
  deleted: boolean;
  /** Only GitHub tells. */
  forced: boolean;
}

/**
 * A payload understood: a ref moved, a pull request is to be previewed, or something authentic that Towline does not act on
 * (with the reason).
 */
export type WebhookEvent =
  | { type: 'change'; repository: RepositoryIdentity; change: RefChange }
  | { type: 'pull-request'; repository: RepositoryIdentity; pullRequest: PullRequestChange }
  | { type: 'ignored'; reason: string }
  | { type: 'malformed'; reason: string };
