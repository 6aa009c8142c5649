import { type AppError, permanent, transient } from '../../domain/errors.ts';

const DEFAULT_WAIT_SECONDS = 60;

/** GitLab could not be reached at all; the reason is the error's name, never its text. */
export const gitlabUnreachable = (error: unknown, subject: string): AppError =>
  transient('forge-unreachable', `GitLab did not answer for ${subject}`, {
    details: { reason: error instanceof Error ? error.name : 'unknown' },
  });

/** Translates an answer of GitLab to a status that was not taken, by its status alone. `now` in ms. */
export const gitlabAnswerError = (answer: Response, { subject, now }: { subject: string; now: number }): AppError => {
  const { status } = answer;
  const details = { status, request: answer.headers.get('x-request-id') ?? '' };
  if (status === 429) {
    const retryAfterSeconds = waitSeconds(answer.headers, now);
    return transient('forge-rate-limited', `GitLab limits requests for ${subject}`, { details, retryAfterSeconds });
  }
  if (status === 401 || status === 403) {
    const remedy = 'the token needs the scope api and the role Developer there';
    return permanent('forge-denied', `GitLab answered ${status} for ${subject}: ${remedy}`, { details });
  }
  if (status === 404) {
    const remedy = 'GitLab knows no such commit, or hides the project from this token (scope api, role Developer)';
    return permanent('commit-unknown', `GitLab answered 404 for ${subject}: ${remedy}`, { details });
  }
  if (status === 409) {
    return transient('forge-unreachable', `GitLab was writing another status of ${subject}`, {
      details,
      retryAfterSeconds: 1,
    });
  }
  if (status >= 500) return transient('forge-unreachable', `GitLab answered ${status} for ${subject}`, { details });
  return permanent('status-refused', `GitLab answered ${status} for a status on ${subject}`, { details });
};

const waitSeconds = (headers: Headers, now: number): number => {
  const after = Number(headers.get('retry-after') ?? Number.NaN);
  if (Number.isFinite(after)) return Math.max(1, Math.ceil(after));
  const reset = Number(headers.get('ratelimit-reset') ?? Number.NaN);
  return Number.isFinite(reset) ? Math.max(1, Math.ceil(reset - now / 1000)) : DEFAULT_WAIT_SECONDS;
};
