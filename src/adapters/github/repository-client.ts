import { Octokit } from '@octokit/core';
import * as v from 'valibot';
import { permanent } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import { repositoryPath } from '../../domain/repository-url.ts';
import type { Clock } from '../../ports/clock.ts';
import { createTokenSource, type InstallationScope, parseGitHubCredentials } from './github-token.ts';
import { repositoryError, statusOf, unreadable } from './repository-errors.ts';

export interface GitHubClientOptions {
  repository: RepositoryConfig;
  /** The value of the credentials secret, a token or a GitHub App's JSON; asked before every request. */
  credential?: (() => Promise<string | undefined>) | undefined;
  clock: Clock;
  /** What a GitHub App's token is for; reading the repository's contents where it is absent. */
  scope?: Pick<InstallationScope, 'permissions' | 'wholeInstallation'>;
  fetch?: typeof fetch | undefined;
}

export interface GitHubAnswer<Data> {
  data: Data;
  /** The next page's URL. */
  next?: string | undefined;
}

type Parameters = Record<string, string | number>;

/** Reads one repository of GitHub. Errors: see `repositoryError`. */
export interface GitHubClient {
  /** `owner/name`. */
  subject: string;
  /**
   * `GET` of a path below `/repos/{owner}/{repo}`, or of a next page's URL. Undefined: GitHub says that there is none
   * (404, 422), or that the repository is empty (409).
   */
  get<Data>(
    route: string,
    schema: v.GenericSchema<unknown, Data>,
    parameters?: Parameters,
  ): Promise<GitHubAnswer<Data> | undefined>;
  graphql(query: string, variables: Record<string, string>): Promise<unknown>;
}

const TIMEOUT_MS = 20_000;
const ABSENT = new Set([404, 409, 422]);
const MAX_KEPT = 200;

/** An answer that GitHub confirms with 304, which costs nothing of the rate limit. */
interface Kept {
  etag: string;
  data: unknown;
  next?: string | undefined;
}

type Headers = Record<string, string>;

/** Opens a client for one repository. Errors: AppError `repository-url-invalid` (permanent). */
export const createGitHubClient = (options: GitHubClientOptions): GitHubClient => {
  const { owner, repo } = ownerAndName(options.repository);
  const subject = `${owner}/${repo}`;
  const octokit = createOctokit(options);
  const { scope = { permissions: { contents: 'read' } } } = options;
  const authorize = createAuthorization(options, octokit, { owner, repo, ...scope });
  /** A failure of GitHub's own is tried once more at once; the queue does the rest. */
  const send = async <Result>(work: (headers: Headers) => Promise<Result>): Promise<Result> => {
    const headers = await authorize();
    return work(headers).catch((error: unknown) => {
      if ((statusOf(error) ?? 500) < 500) throw error;
      return work(headers);
    });
  };
  const translate = (error: unknown): never => {
    throw repositoryError(error, subject, options.clock());
  };
  const ask = createConditionalGet((route, parameters, condition) =>
    send((headers) =>
      octokit.request({
        method: 'GET',
        url: route.startsWith('http') ? route : `/repos/{owner}/{repo}${route}`,
        ...(route.startsWith('http') ? {} : { owner, repo }),
        ...parameters,
        headers: { ...headers, ...condition },
        request: { signal: AbortSignal.timeout(TIMEOUT_MS) },
      }),
    ),
  );
  return {
    subject,
    get: async (route, schema, parameters = {}) => {
      if (!isOwn(route, options.repository)) throw unreadable(subject, 'a page is on another host');
      return parseAnswer(await ask(route, parameters).catch(translate), { schema, subject, route });
    },
    graphql: (query, variables) =>
      send((headers) => octokit.graphql<unknown>(query, { ...variables, owner, repo, headers })).catch(translate),
  };
};

/** Errors: AppError `repository-unreachable` where the answer is of another shape. */
const parseAnswer = <Data>(
  answer: Kept | undefined,
  { schema, subject, route }: { schema: v.GenericSchema<unknown, Data>; subject: string; route: string },
): GitHubAnswer<Data> | undefined => {
  if (!answer) return undefined;
  const parsed = v.safeParse(schema, answer.data);
  if (!parsed.success) throw unreadable(subject, `${route}: ${v.getDotPath(parsed.issues[0]) ?? 'the answer'}`);
  return { data: parsed.output, next: answer.next };
};

/** The token goes to no other host than the API's own. */
const isOwn = (route: string, { apiURL = 'https://api.github.com' }: RepositoryConfig): boolean =>
  !route.startsWith('http') || new URL(route).origin === new URL(apiURL).origin;

type Get = (
  route: string,
  parameters: Parameters,
  condition: Headers,
) => Promise<{ data: unknown; headers: { etag?: string | undefined; link?: string | undefined } }>;

/** Asks only for what has changed since the last time. Undefined: there is none. Errors: octokit's. */
const createConditionalGet = (get: Get) => {
  const kept = new Map<string, Kept>();
  return async (route: string, parameters: Parameters): Promise<Kept | undefined> => {
    const key = `${route} ${JSON.stringify(parameters)}`;
    const known = kept.get(key);
    try {
      const { data, headers } = await get(route, parameters, known ? { 'if-none-match': known.etag } : {});
      const answer = { etag: headers.etag ?? '', data, next: nextPage(headers.link) };
      keep(kept, key, answer);
      return answer;
    } catch (error) {
      const status = statusOf(error);
      if (status === 304 && known) return known;
      if (status !== undefined && ABSENT.has(status)) return undefined;
      throw error;
    }
  };
};

/** Only small answers that move are worth keeping: refs and the repository itself. */
const keep = (kept: Map<string, Kept>, key: string, answer: Kept): void => {
  if (answer.etag === '' || /^\/git\/(?:trees|blobs|commits)/.test(key)) return;
  const oldest = kept.size >= MAX_KEPT ? kept.keys().next().value : undefined;
  if (oldest !== undefined) kept.delete(oldest);
  kept.set(key, answer);
};

const nextPage = (link: string | undefined): string | undefined => /<([^>]+)>;\s*rel="next"/.exec(link ?? '')?.[1];

const createOctokit = ({ repository: { apiURL }, fetch }: GitHubClientOptions): Octokit =>
  new Octokit({
    ...(apiURL ? { baseUrl: apiURL.replace(/\/+$/, '') } : {}),
    userAgent: 'towline',
    ...(fetch ? { request: { fetch } } : {}),
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

/** The header for a request; the source of tokens lasts as long as the secret's value, so a rotated one is taken up. */
const createAuthorization = (
  { credential }: GitHubClientOptions,
  octokit: Octokit,
  scope: InstallationScope,
): (() => Promise<Record<string, string>>) => {
  let current: { value: string; source: (scope: InstallationScope) => Promise<string> } | undefined;
  return async (): Promise<Record<string, string>> => {
    const value = await credential?.();
    if (value === undefined || value.trim() === '') return {};
    if (current?.value !== value) {
      current = { value, source: createTokenSource(parseGitHubCredentials(value), octokit) };
    }
    return { authorization: `Bearer ${await current.source(scope)}` };
  };
};
