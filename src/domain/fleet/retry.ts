import { parseGoDuration } from '../go-duration.ts';

/** An Application's `syncPolicy.retry`. */
export interface RetryStrategy {
  limit?: number;
  refresh?: boolean;
  backoff?: { duration?: string; factor?: number; maxDuration?: string };
}

const DEFAULTS = { duration: 5000, factor: 2, maxDuration: 180_000 };

/** Milliseconds of a back-off duration: a bare number is seconds. Undefined: it cannot be read. */
export const parseBackoff = (text: string): number | undefined =>
  /^[+-]?\d+$/.test(text) ? Number(text) * 1000 : parseGoDuration(text);

/**
 * When a failed sync is tried again: `retryCount` (from 0) attempts after the first have failed, the last one at
 * `lastAttempt`. Waits 5 s × 2ⁿ, at most 3 minutes, unless the strategy says otherwise. `error`: a duration is unreadable.
 * Source: https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/#automatic-retry
 */
export const nextRetryAt = (
  { backoff }: RetryStrategy,
  lastAttempt: Date,
  retryCount: number,
): { at: Date } | { error: string } => {
  const duration = backoff?.duration ? parseBackoff(backoff.duration) : DEFAULTS.duration;
  const maxDuration = backoff?.maxDuration ? parseBackoff(backoff.maxDuration) : DEFAULTS.maxDuration;
  if (duration === undefined) return { error: `unable to parse ${backoff?.duration} as a duration` };
  if (maxDuration === undefined) return { error: `unable to parse ${backoff?.maxDuration} as a duration` };
  const wait = duration * (backoff?.factor ?? DEFAULTS.factor) ** retryCount;
  const capped = maxDuration > 0 ? Math.min(wait, maxDuration) : wait;
  return { at: new Date(lastAttempt.getTime() + capped) };
};

/** Whether another attempt is due after `retryCount` retries; a negative limit means always, none at all means never. */
export const mayRetry = (strategy: RetryStrategy | undefined, retryCount: number): boolean => {
  const limit = strategy?.limit ?? 0;
  return strategy !== undefined && (limit < 0 || retryCount < limit);
};
