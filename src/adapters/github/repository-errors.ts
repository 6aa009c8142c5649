import * as v from 'valibot';
import { AppError, permanent, transient } from '../../domain/errors.ts';
import { AnsweredSchema, isRateLimit, waitSeconds } from './github-errors.ts';

/** HTTP status of octokit's error; undefined: there was no answer. */
export const statusOf = (error: unknown): number | undefined => {
  const answered = v.safeParse(AnsweredSchema, error);
  return answered.success ? answered.output.status : undefined;
};

/**
 * Translates what octokit threw while a repository was read, by status and headers. `subject` is `owner/name`, `now` in
 * ms. Carries no cause, as octokit's errors hold the request with its token.
 */
export const repositoryError = (error: unknown, subject: string, now: number): AppError => {
  if (error instanceof AppError) return error;
  const answered = v.safeParse(AnsweredSchema, error);
  if (!answered.success) {
    const details = { repository: subject, reason: error instanceof Error ? error.name : 'unknown' };
    return transient('repository-unreachable', `GitHub did not answer for ${subject}`, { details });
  }
  const { status, response } = answered.output;
  const details = { repository: subject, status, request: response.headers['x-github-request-id'] ?? '' };
  if (status === 429 || (status === 403 && isRateLimit(response))) {
    return transient('repository-rate-limited', `GitHub limits requests for ${subject}`, {
      details,
      retryAfterSeconds: waitSeconds(response.headers, now),
    });
  }
  if (status === 401 || status === 403) {
    const remedy = 'the credentials need read access to its contents (contents: read)';
    return permanent('repository-denied', `GitHub answered ${status} for ${subject}: ${remedy}`, { details });
  }
  if (status >= 500) {
    return transient('repository-unreachable', `GitHub answered ${status} for ${subject}`, { details });
  }
  const remedy = 'check its url and that the credentials may read it';
  return permanent('repository-not-found', `GitHub answered ${status} for ${subject}: ${remedy}`, { details });
};

/** GitHub's answer is not of the documented shape: AppError `repository-unreachable` (transient). */
export const unreadable = (subject: string, what: string): AppError =>
  transient('repository-unreachable', `GitHub's answer for ${subject} cannot be read: ${what}`, {
    details: { repository: subject },
  });
