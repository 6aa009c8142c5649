import * as v from 'valibot';
import { AppError, permanent, transient } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import { repositoryPath } from '../../domain/repository-url.ts';
import type { Clock } from '../../ports/clock.ts';

export interface GitLabClientOptions {
  repository: RepositoryConfig;
  /** An access token with scope `read_api` and role Reporter; asked before every request. */
  credential?: (() => Promise<string | undefined>) | undefined;
  clock: Clock;
  fetch?: typeof fetch | undefined;
}

export interface GitLabAnswer<Data> {
  data: Data;
  /** The next page's URL. */
  next?: string | undefined;
}

type Query = Record<string, string>;

/** Reads one project of GitLab. Undefined: GitLab says 404. Errors: see `answerError`. */
export interface GitLabClient {
  /** The repository's URL as registered. */
  subject: string;
  /** `GET` of a path below `projects/<id>`, already encoded, or of a next page's URL. */
  get<Data>(
    path: string,
    schema: v.GenericSchema<unknown, Data>,
    query?: Query,
  ): Promise<GitLabAnswer<Data> | undefined>;
  getBytes(path: string): Promise<Uint8Array | undefined>;
}

const TIMEOUT_MS = 20_000;
const MAX_REDIRECTS = 3;
const DEFAULT_WAIT_SECONDS = 60;
/** Small answers that move: the project, branches and tags. */
const MAX_KEPT = 200;

/** An answer that GitLab confirms with 304. */
interface Kept {
  etag: string;
  data: unknown;
  next?: string | undefined;
}

/**
 * Opens a client for one project. Plain fetch instead of gitbeaker: that one follows redirects with the token in a
 * header that fetch does not take away, and answers 429 by ten more requests. Errors: AppError `repository-url-invalid`.
 */
export const createGitLabClient = (options: GitLabClientOptions): GitLabClient => {
  const { url: subject } = options.repository;
  const base = projectURL(options.repository);
  const read = async (
    path: string,
    query: Query = {},
    condition: Record<string, string> = {},
  ): Promise<Response | undefined> => {
    const search = new URLSearchParams(query).toString();
    const url = path.startsWith('http') ? path : `${base}${path}${search && `?${search}`}`;
    if (new URL(url).origin !== new URL(base).origin) throw unreadable(subject, 'a page is on another host');
    const answer = await send(options, url, condition);
    if (answer.status === 404) return undefined;
    if (!answer.ok && answer.status !== 304) throw answerError(answer, subject, options.clock());
    return answer;
  };
  const ask = createConditionalRead(read, subject);
  return {
    subject,
    get: async (path, schema, query) => {
      const answer = await ask(path, query);
      if (!answer) return undefined;
      const parsed = v.safeParse(schema, answer.data);
      if (!parsed.success) throw unreadable(subject, `${path}: ${v.getDotPath(parsed.issues[0]) ?? 'no JSON'}`);
      return { data: parsed.output, next: answer.next };
    },
    getBytes: async (path) => {
      const answer = await read(path);
      return (
        answer && new Uint8Array(await answer.arrayBuffer().catch((error: unknown) => unreachable(error, subject)))
      );
    },
  };
};

/** Sends a request; once more where GitLab failed, and to where a project of this host has moved. */
const send = async (
  options: GitLabClientOptions,
  url: string,
  condition: Record<string, string>,
): Promise<Response> => {
  const token = (await options.credential?.())?.trim();
  const once = async (target: string): Promise<Response> =>
    (options.fetch ?? fetch)(target, {
      headers: { 'user-agent': 'towline', ...condition, ...(token ? { 'private-token': token } : {}) },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => unreachable(error, options.repository.url));
  let target = url;
  let answer = await once(target);
  for (let hop = 0; hop < MAX_REDIRECTS && isRedirect(answer); hop += 1) {
    const next = new URL(answer.headers.get('location') ?? '', target);
    // The token goes to no other host than the registered one.
    if (next.origin !== new URL(target).origin) break;
    target = next.href;
    answer = await once(target);
  }
  return answer.status >= 500 ? once(target) : answer;
};

/** Asks only for what has changed since the last time. Undefined: there is none. */
const createConditionalRead = (
  read: (path: string, query: Query, condition: Record<string, string>) => Promise<Response | undefined>,
  subject: string,
) => {
  const kept = new Map<string, Kept>();
  return async (path: string, query: Query = {}): Promise<Kept | undefined> => {
    const key = `${path} ${JSON.stringify(query)}`;
    const known = kept.get(key);
    const answer = await read(path, query, known ? { 'if-none-match': known.etag } : {});
    if (!answer) return undefined;
    if (answer.status === 304 && known) return known;
    const data: unknown = await answer.json().catch(() => undefined);
    if (data === undefined) throw unreadable(subject, `${path}: no JSON`);
    const next = /<([^>]+)>;\s*rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
    const found = { etag: answer.headers.get('etag') ?? '', data, next };
    if (found.etag !== '' && /^$|\/repository\/(?:branches|tags)/.test(path)) keep(kept, key, found);
    return found;
  };
};

const keep = (kept: Map<string, Kept>, key: string, answer: Kept): void => {
  const oldest = kept.size >= MAX_KEPT ? kept.keys().next().value : undefined;
  if (oldest !== undefined) kept.delete(oldest);
  kept.set(key, answer);
};

const isRedirect = ({ status, headers }: Response): boolean => status >= 300 && status < 400 && headers.has('location');

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

/** Translates an answer that is no success, by its status alone. `now` in ms. */
const answerError = ({ status, headers }: Response, subject: string, now: number): AppError => {
  const details = { repository: subject, status, request: headers.get('x-request-id') ?? '' };
  if (status === 429) {
    const retryAfterSeconds = waitSeconds(headers, now);
    const message = `GitLab limits requests for ${subject}`;
    return transient('repository-rate-limited', message, { details, retryAfterSeconds });
  }
  if (status === 401 || status === 403) {
    const remedy = 'the token needs the scope read_api and the role Reporter there';
    return permanent('repository-denied', `GitLab answered ${status} for ${subject}: ${remedy}`, { details });
  }
  if (status >= 500) {
    return transient('repository-unreachable', `GitLab answered ${status} for ${subject}`, { details });
  }
  return notFound(subject, status);
};

/** The project cannot be seen, or is elsewhere: AppError `repository-not-found` (permanent). */
export const notFound = (subject: string, status = 404): AppError =>
  permanent(
    'repository-not-found',
    `GitLab answered ${status} for ${subject}: check its url and that the token may read it`,
    { details: { repository: subject, status } },
  );

const waitSeconds = (headers: Headers, now: number): number => {
  const after = Number(headers.get('retry-after') ?? Number.NaN);
  if (Number.isFinite(after)) return Math.max(1, Math.ceil(after));
  const reset = Number(headers.get('ratelimit-reset') ?? Number.NaN);
  return Number.isFinite(reset) ? Math.max(1, Math.ceil(reset - now / 1000)) : DEFAULT_WAIT_SECONDS;
};

const unreachable = (error: unknown, subject: string): never => {
  if (error instanceof AppError) throw error;
  const details = { repository: subject, reason: error instanceof Error ? error.name : 'unknown' };
  throw transient('repository-unreachable', `GitLab did not answer for ${subject}`, { details });
};

/** GitLab's answer is not of the documented shape: AppError `repository-unreachable` (transient). */
export const unreadable = (subject: string, what: string): AppError =>
  transient('repository-unreachable', `GitLab's answer for ${subject} cannot be read: ${what}`, {
    details: { repository: subject },
  });
