import { Octokit } from '@octokit/core';
import { AppError, permanent } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import { repositoryPath } from '../../domain/repository-url.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CommitStatus, CommitStatuses, StatusState } from '../../ports/commit-statuses.ts';
import { githubStatusError } from './github-errors.ts';
import { createTokenSource, type InstallationScope, parseGitHubCredentials } from './github-token.ts';

export interface GitHubStatusesDeps {
  /** The value of the repository's credentials secret: a token or a GitHub App's JSON. */
  credentials: (repository: RepositoryConfig) => Promise<string>;
  clock: Clock;
  fetch?: typeof fetch;
}

const TIMEOUT_MS = 10_000;
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
export const createGitHubStatuses = (deps: GitHubStatusesDeps): CommitStatuses => {
  const tokenOf = createTokens(deps);
  const asking = async <Answer>({ repository }: CommitStatus, ask: (asked: Asked) => Promise<Answer>) => {
    const { owner, repo } = ownerAndName(repository);
    try {
      const token = await tokenOf(repository, { owner, repo, permissions: { statuses: 'write' } });
      const octokit = createOctokit(deps, repository);
      const request = { signal: AbortSignal.timeout(TIMEOUT_MS) };
      return await ask({ octokit, target: { owner, repo, headers: { authorization: `Bearer ${token}` }, request } });
    } catch (error) {
      throw error instanceof AppError ? error : githubStatusError(error, `${owner}/${repo}`, deps.clock());
    }
  };
  return {
    post: (status) =>
      asking(status, async ({ octokit, target }) => {
        await octokit.request('POST /repos/{owner}/{repo}/statuses/{sha}', { ...target, ...bodyOf(status) });
      }),
    isShown: (status) =>
      asking(status, async ({ octokit, target }) => {
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

interface Asked {
  octokit: Octokit;
  target: { owner: string; repo: string; headers: { authorization: string }; request: { signal: AbortSignal } };
}

const bodyOf = ({ commit, state, context, description, targetURL }: CommitStatus) => ({
  sha: commit,
  state: STATES[state],
  context,
  description: description.slice(0, MAX_DESCRIPTION),
  ...(targetURL ? { target_url: targetURL } : {}),
});

const createOctokit = ({ fetch }: GitHubStatusesDeps, { apiURL }: RepositoryConfig): Octokit =>
  new Octokit({
    ...(apiURL ? { baseUrl: apiURL.replace(/\/+$/, '') } : {}),
    userAgent: 'towline',
    request: fetch ? { fetch } : {},
    // octokit's own log writes to the console; what matters is in the error.
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });

/** Owner and name as registered. Errors: AppError `repository-url-invalid` (permanent). */
const ownerAndName = ({ url }: RepositoryConfig): { owner: string; repo: string } => {
  const [owner, repo, ...rest] = repositoryPath(url)?.split('/') ?? [];
  if (owner && repo && rest.length === 0) return { owner, repo };
  throw permanent(
    'repository-url-invalid',
    `"${url}" is no repository of GitHub: register it as https://host/owner/name`,
  );
};

/** One token source per API and secret value, so that installation tokens are kept and a rotated secret is taken up. */
const createTokens = (deps: GitHubStatusesDeps) => {
  const sources = new Map<string, { value: string; source: (scope: InstallationScope) => Promise<string> }>();
  return async (repository: RepositoryConfig, scope: InstallationScope): Promise<string> => {
    const value = await deps.credentials(repository);
    const key = `${repository.apiURL ?? ''} ${repository.credentials ?? repository.url}`;
    const known = sources.get(key);
    const source =
      known?.value === value
        ? known.source
        : createTokenSource(parseGitHubCredentials(value), createOctokit(deps, repository));
    sources.set(key, { value, source });
    return source(scope);
  };
};
