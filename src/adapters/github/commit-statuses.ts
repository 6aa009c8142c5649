import type { CommitStatus, CommitStatuses, StatusState } from '../../ports/commit-statuses.ts';
import { createGitHubWriter, type GitHubWriterDeps } from './github-writer.ts';

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
        // Newest first, so the first of the context is what the commit shows.
        const path = 'GET /repos/{owner}/{repo}/commits/{ref}/statuses';
        const { data } = await octokit.request(path, { ...target, ref: status.commit, per_page: 100 });
        const wanted = bodyOf(status);
        const shown = data.find(({ context }) => context.toLowerCase() === wanted.context.toLowerCase());
        return (
          shown?.state === wanted.state &&
          shown.description === wanted.description &&
          (shown.target_url ?? undefined) === wanted.target_url
        );
      }),
  };
};

const bodyOf = ({ commit, state, context, description, targetURL }: CommitStatus) => ({
  sha: commit,
  state: STATES[state],
  context,
  description: description.slice(0, MAX_DESCRIPTION),
  ...(targetURL ? { target_url: targetURL } : {}),
});
