import { AppError, permanent, transient } from '../../domain/errors.ts';

const SECONDS = /^\d{1,6}$/;

/** A URL as it may be shown: without user, password and query. Other text is cut down to its last path segment. */
export const showURL = (url: string): string => {
  if (!URL.canParse(url)) return url.replace(/^[^@/]*@/, '');
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
};

/** Takes user and password out of any URL in a text that git wrote, and keeps it short. */
export const cleanText = (text: string): string =>
  text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1')
    .trim()
    .slice(0, 500);

/** The repository's host could not be reached or broke off: AppError `repository-unreachable` (transient). */
export const unreachable = (url: string, why: string, cause?: unknown): AppError =>
  transient('repository-unreachable', `repository ${showURL(url)} cannot be reached: ${cleanText(why)}`, {
    details: { repository: showURL(url) },
    cause,
  });

/** The cache on disk cannot be used any more; the adapter makes it again. Leaves the adapter only as a cause. */
export const cacheBroken = (why: string, cause?: unknown): AppError =>
  transient('git-cache-broken', `the cached repository is unusable: ${cleanText(why)}`, { cause });

/** git is not installed: AppError `git-missing` (permanent). */
export const gitMissing = (cause?: unknown): AppError =>
  permanent('git-missing', 'git is not installed or not on PATH: install git 2.36 or newer', { cause });

/**
 * Translates the HTTP status of a Git server into the port's errors. `retryAfter` is the header's text, `location` the
 * target of a redirect, which is never followed (it could carry the token to another host).
 */
export const statusError = (
  url: string,
  status: number,
  headers: { retryAfter?: string | undefined; location?: string | undefined } = {},
): AppError => {
  const shown = showURL(url);
  const details = { repository: shown, status };
  if (status === 401 || status === 403) {
    const hint = 'check the secret named by credentials of the repository in the fleet file';
    return permanent('repository-denied', `repository ${shown} answered ${status}: ${hint}`, { details });
  }
  if (status === 404 || status === 410) {
    return permanent('repository-not-found', `repository ${shown} answered ${status}: check its url and access`, {
      details,
    });
  }
  if (status >= 300 && status < 400) {
    const target = headers.location ? ` to ${showURL(headers.location)}` : '';
    const message = `repository ${shown} redirects${target}: redirects are not followed, register the new url`;
    return permanent('repository-not-found', message, { details });
  }
  if (status === 429) {
    const seconds = SECONDS.test(headers.retryAfter ?? '') ? Number(headers.retryAfter) : 60;
    return transient('repository-rate-limited', `repository ${shown} answered 429: too many requests`, {
      details,
      retryAfterSeconds: seconds,
    });
  }
  return unreachable(url, `it answered ${status}`);
};

/** True for the failure that the adapter cures by making its cache again. */
export const isCacheBroken = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'git-cache-broken';
