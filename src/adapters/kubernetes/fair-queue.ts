/** Runs a task of `owner` when its turn comes; answers with what the task answers. */
export type FairQueue = <T>(owner: string, task: () => Promise<T>) => Promise<T>;

/**
 * At most `limit` tasks at a time. Owners take turns, so that one with a thousand tasks does not hold up one with two;
 * within an owner, first come, first served.
 */
export const createFairQueue = (limit: number): FairQueue => {
  const waiting = new Map<string, (() => void)[]>();
  let running = 0;

  const startNext = (): void => {
    const [next] = waiting;
    if (!next) return;
    const [owner, starts] = next;
    const start = starts.shift();
    waiting.delete(owner);
    if (starts.length > 0) waiting.set(owner, starts);
    running += 1;
    start?.();
  };

  const turn = (owner: string): Promise<void> =>
    new Promise((start) => {
      const starts = waiting.get(owner);
      if (starts) starts.push(start);
      else waiting.set(owner, [start]);
      if (running < limit) startNext();
    });

  return async (owner, task) => {
    await turn(owner);
    try {
      return await task();
    } finally {
      running -= 1;
      startNext();
    }
  };
};
