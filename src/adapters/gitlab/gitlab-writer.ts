import { permanent } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import { repositoryPath } from '../../domain/repository-url.ts';
import type { Clock } from '../../ports/clock.ts';
import { gitlabUnreachable } from './gitlab-errors.ts';

export interface GitLabWriterDeps {
  /** The value of the repository's credentials secret: an access token with scope `api` and role Developer. */
  credentials: (repository: RepositoryConfig) => Promise<string>;
  clock: Clock;
  fetch?: typeof fetch;
}

const TIMEOUT_MS = 10_000;

/** Sends one request about a project: a path below it, already encoded. Errors: AppError `forge-unreachable` (transient). */
export type Call = (
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: Record<string, string | number>,
) => Promise<Response>;

/** Opens a project for writing, with its credentials. Errors: AppError `repository-url-invalid` (permanent). */
export const createCall = async (deps: GitLabWriterDeps, repository: RepositoryConfig): Promise<Call> => {
  const base = projectURL(repository);
  const token = (await deps.credentials(repository)).trim();
  const send = deps.fetch ?? fetch;
  return async (method, path, body) => {
    try {
      return await send(`${base}/${path}`, {
        method,
        headers: { 'private-token': token, 'user-agent': 'towline', 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
        // fetch would carry this header to another host.
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw gitlabUnreachable(error, repository.url);
    }
  };
};

/** `<apiURL>/projects/<path, encoded>`. Errors: AppError `repository-url-invalid` (permanent). */
const projectURL = ({ url, apiURL = 'https://gitlab.com/api/v4' }: RepositoryConfig): string => {
  const api = apiURL.replace(/\/+$/, '');
  const path = repositoryPath(url, new URL(api).pathname.replace(/\/api\/v4$/, ''));
  if (path?.includes('/')) return `${api}/projects/${encodeURIComponent(path)}`;
  throw permanent(
    'repository-url-invalid',
    `"${url}" is no project of GitLab: register it as https://host/group/project`,
  );
};
