import type { CommitStatus, CommitStatuses, StatusState } from '../../ports/commit-statuses.ts';
import { createGitHubWriter, type GitHubTarget, type GitHubWriterDeps } from './github-writer.ts';

const MAX_DESCRIPTION = 140;

const STATES: Record<StatusState, 'pending' | 'success' | 'failure' | 'error'> = {
  pending: 'pending',
  running: 'pending',
  success: 'success',
  failure: 'failure',
  canceled: 'error',
};

/**
 * Writes commit statuses to GitHub (and GitHub Enterprise: `apiURL`). Errors: as the port says; nothing is retried here,
 * as the queue does that. Tokens are made for one repository and `statuses: write` alone.
 */
export const createGitHubStatuses = (deps: GitHubWriterDeps): CommitStatuses => {
  const asking = createGitHubWriter(deps, { statuses: 'write' });
  return {
    post: (status) =>
      asking(status.repository, async ({ octokit, target }) => {
        await octokit.request('POST /repos/{owner}/{repo}/statuses/{sha}', { ...target, ...bodyOf(status) });
      }),
    isShown: (status) =>
      asking(status.repository, async ({ octokit, target }) => {
        const wanted = bodyOf(status);
        const shown = await newestOf({ octokit, target }, wanted);
        return (
          shown?.state === wanted.state &&
          shown.description === wanted.description &&
          (shown.target_url ?? undefined) === wanted.target_url
        );
      }),
  };
};

const PAGE_SIZE = 100;
/** GitHub keeps 1,000 of one context, and a commit has several. */
const MAX_PAGES = 50;

/** What the commit shows in a context: statuses come newest first, so it is the first of that context. */
const newestOf = async ({ octokit, target }: GitHubTarget, { sha, context }: ReturnType<typeof bodyOf>) => {
  const path = 'GET /repos/{owner}/{repo}/commits/{ref}/statuses';
  for (let page = 1; page <= MAX_PAGES; page++) {
    const { data } = await octokit.request(path, { ...target, ref: sha, per_page: PAGE_SIZE, page });
    const found = data.find((one) => one.context.toLowerCase() === context.toLowerCase());
    if (found || data.length < PAGE_SIZE) return found;
  }
  return undefined;
};

const bodyOf = ({ commit, state, context, description, targetURL }: CommitStatus) => ({
  sha: commit,
  state: STATES[state],
  context,
  description: description.slice(0, MAX_DESCRIPTION),
  ...(targetURL ? { target_url: targetURL } : {}),
});
