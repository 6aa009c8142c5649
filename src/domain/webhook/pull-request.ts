/** What happened to a pull request, as far as a preview cares. `updated`: other commits, or another base. */
export type PullRequestAction = 'opened' | 'updated' | 'labeled' | 'closed';

/** What the payload says of a pull request (GitLab: merge request). */
export interface PullRequestChange {
  /** GitHub's number, GitLab's iid. */
  number: number;
  action: PullRequestAction;
  /** Full ref of the branch that it would be merged into, and its commit where the forge names it. */
  base: { ref: string; commit?: string };
  /** Full ref of its branch, in the repository that it comes from. */
  head: { ref: string; commit: string };
  /** It comes from another repository than the one it would be merged into. */
  fork: boolean;
  labels: string[];
}

/** The ref under which the base's repository itself has a pull request's commits. */
export const pullRequestRef = (forge: 'github' | 'gitlab', number: number): string =>
  forge === 'gitlab' ? `refs/merge-requests/${number}/head` : `refs/pull/${number}/head`;
