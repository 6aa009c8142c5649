import { AppError, transient } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';

/** Where the other side names no time: long enough that others do not all wait for it to time out, short enough to notice. */
const DEFAULT_SECONDS = 10;

/**
 * Runs calls to one outside system, by key, and after one that failed for now lets none through until the time that it
 * named: a rate limit counts for all that use the same credentials, and what is down is asked once, not by everybody.
 * Errors: the call's; while held off the same code again (transient), with what is left of the time.
 */
export const createHoldOff = (clock: Clock) => {
  const held = new Map<string, { until: number; code: string; message: string }>();
  return async <Result>(key: string, call: () => Promise<Result>): Promise<Result> => {
    const last = held.get(key);
    const left = (last?.until ?? 0) - clock();
    if (last && left > 0) {
      throw transient(last.code, last.message, {
        retryAfterSeconds: Math.ceil(left / 1_000),
        details: { heldOff: true },
      });
    }
    try {
      const result = await call();
      held.delete(key);
      return result;
    } catch (error) {
      if (error instanceof AppError && error.kind === 'transient') {
        const { code, message, retryAfterSeconds = DEFAULT_SECONDS } = error;
        held.set(key, { until: clock() + retryAfterSeconds * 1_000, code, message });
      }
      throw error;
    }
  };
};
