import type { Send } from './transport.ts';
import { NoAnswer } from './transport.ts';

const pauseMilliseconds = 5_000;

/**
 * After a connection that timed out, fails at once for five seconds instead of letting every request wait for the same
 * time-out: a cluster behind a closed firewall must not hold the workers up. A refused connection is fast by itself.
 */
export const failFast = (send: Send, clock: () => number): Send => {
  let down: { until: number; error: NoAnswer } | undefined;
  return async (exchange) => {
    if (down && clock() < down.until) throw down.error;
    try {
      const answer = await send(exchange);
      down = undefined;
      return answer;
    } catch (error) {
      if (error instanceof NoAnswer && error.code === 'CONNECT_TIMEOUT') {
        down = { until: clock() + pauseMilliseconds, error };
      }
      throw error;
    }
  };
};
