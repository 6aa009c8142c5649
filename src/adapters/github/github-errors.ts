import * as v from 'valibot';
import { type AppError, permanent, transient } from '../../domain/errors.ts';

/** octokit's RequestError where there was an answer; told by its shape, as its class is not octokit/core's to export. */
export const AnsweredSchema = v.object({
  status: v.number(),
  response: v.object({
    headers: v.record(v.string(), v.optional(v.union([v.string(), v.number()]))),
    data: v.unknown(),
  }),
});

const STATUSES_REMEDY =
  'the credentials need write access to commit statuses there (statuses: write; a classic token: repo:status)';

/** GitHub asks for a minute where a secondary rate limit names no time. */
const DEFAULT_WAIT_SECONDS = 60;

/**
 * Translates what octokit threw while a status was written. `subject` names the repository. Sorted by status, headers
 * and structure, never by message; carries no cause, as octokit's errors hold the request.
 */
export const githubStatusError = (error: unknown, subject: string, now: number, remedy = STATUSES_REMEDY): AppError => {
  const answered = v.safeParse(AnsweredSchema, error);
  if (!answered.success) {
    const details = { reason: error instanceof Error ? error.name : 'unknown' };
    return transient('forge-unreachable', `GitHub did not answer for ${subject}`, { details });
  }
  const { status, response } = answered.output;
  const details = { status, request: response.headers['x-github-request-id'] ?? '' };
  if (status === 429 || (status === 403 && isRateLimit(response))) {
    return transient('forge-rate-limited', `GitHub limits requests for ${subject}`, {
      details,
      retryAfterSeconds: waitSeconds(response.headers, now),
    });
  }
  if (status === 401 || status === 403 || status === 404) {
    return permanent('forge-denied', `GitHub answered ${status} for ${subject}: ${remedy}`, { details });
  }
  if (status === 422) return unprocessable(response.data, subject, details);
  if (status >= 500) return transient('forge-unreachable', `GitHub answered ${status} for ${subject}`, { details });
  return permanent('status-refused', `GitHub answered ${status} for a status on ${subject}`, { details });
};

/** An installation that was not given the permissions asked for: 422, where no commit is in play. Undefined: something else. */
export const githubGrantError = (error: unknown, subject: string, remedy = STATUSES_REMEDY): AppError | undefined => {
  const answered = v.safeParse(AnsweredSchema, error);
  if (!answered.success || answered.output.status !== 422) return undefined;
  const message = `GitHub gives this App no such token for ${subject}: ${remedy}`;
  return permanent('forge-denied', message, { details: { status: 422 } });
};

type Headers = Record<string, string | number | undefined>;

/** A denied request and a limited one are both 403: only the latter says when to come back, or points to its limits. */
export const isRateLimit = ({ headers, data }: { headers: Headers; data?: unknown }): boolean => {
  if (headers['retry-after'] !== undefined || String(headers['x-ratelimit-remaining'] ?? '') === '0') return true;
  const page = fieldOf(data, 'documentation_url');
  return typeof page === 'string' && page.includes('rate-limits');
};

/** Seconds until GitHub takes requests again, as its headers say; `now` in ms. */
export const waitSeconds = (headers: Headers, now: number): number => {
  const after = Number(headers['retry-after'] ?? Number.NaN);
  if (Number.isFinite(after)) return Math.max(1, Math.ceil(after));
  const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN);
  const exhausted = String(headers['x-ratelimit-remaining'] ?? '') === '0';
  return exhausted && Number.isFinite(reset) ? Math.max(1, Math.ceil(reset - now / 1000)) : DEFAULT_WAIT_SECONDS;
};

/** An unknown commit has no list of errors; a refused status (1,000 of a context on a commit) has. */
const unprocessable = (data: unknown, subject: string, details: Record<string, unknown>): AppError =>
  Array.isArray(fieldOf(data, 'errors'))
    ? permanent('status-refused', `GitHub takes no more such status on ${subject} (1,000 of a context on a commit)`, {
        details,
      })
    : permanent('commit-unknown', `GitHub knows no such commit in ${subject}`, { details });

const fieldOf = (data: unknown, field: string): unknown =>
  typeof data === 'object' && data !== null ? Object.entries(data).find(([name]) => name === field)?.[1] : undefined;
