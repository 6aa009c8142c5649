import { Octokit } from '@octokit/core';
import { AppError, permanent } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import { repositoryPath } from '../../domain/repository-url.ts';
import type { Clock } from '../../ports/clock.ts';
import { githubGrantError, githubStatusError } from './github-errors.ts';
import { createTokenSource, type InstallationScope, parseGitHubCredentials } from './github-token.ts';

export interface GitHubWriterDeps {
  /** The value of the repository's credentials secret: a token or a GitHub App's JSON. */
  credentials: (repository: RepositoryConfig) => Promise<string>;
  clock: Clock;
  fetch?: typeof fetch;
}

const TIMEOUT_MS = 10_000;

/** One repository of GitHub, and what every request to it carries. */
export interface GitHubTarget {
  octokit: Octokit;
  target: { owner: string; repo: string; headers: { authorization: string }; request: { signal: AbortSignal } };
}

/**
 * Asks GitHub for one repository, with a token made for it and for `permissions` alone; `remedy` is what a person does where
 * GitHub denies it. Errors: `githubStatusError`'s, and AppError `repository-url-invalid`, `forge-credentials-invalid`.
 */
export const createGitHubWriter = (
  deps: GitHubWriterDeps,
  permissions: InstallationScope['permissions'],
  remedy?: string,
) => {
  const tokenOf = createTokens(deps);
  return async <Answer>(
    repository: RepositoryConfig,
    ask: (target: GitHubTarget) => Promise<Answer>,
  ): Promise<Answer> => {
    const { owner, repo } = ownerAndName(repository);
    try {
      const token = await tokenOf(repository, { owner, repo, permissions }).catch((error: unknown) => {
        throw githubGrantError(error, `${owner}/${repo}`, remedy) ?? error;
      });
      const octokit = createOctokit(deps, repository);
      const request = { signal: AbortSignal.timeout(TIMEOUT_MS) };
      return await ask({ octokit, target: { owner, repo, headers: { authorization: `Bearer ${token}` }, request } });
    } catch (error) {
      throw error instanceof AppError ? error : githubStatusError(error, `${owner}/${repo}`, deps.clock(), remedy);
    }
  };
};

const createOctokit = ({ fetch }: GitHubWriterDeps, { apiURL }: RepositoryConfig): Octokit =>
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
const createTokens = (deps: GitHubWriterDeps) => {
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
