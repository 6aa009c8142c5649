export interface FairQueue {
  /** Runs a task of `owner` when its turn comes; answers with what the task answers. */
  <T>(owner: string, task: () => Promise<T>): Promise<T>;
  /** The one who serves the tasks has too many of them: half as many at a time from here on. */
  slower(): void;
}

/** So many tasks that were not too many let one more run at a time. */
const CALM_TASKS = 20;

/** How many tasks may run at a time: halved when they are too many, one more after a while without that. */
const createPace = (limit: number) => {
  let now = limit;
  let calm = 0;
  return {
    allows: (running: number): boolean => running < now,
    ended: (): void => {
      calm += 1;
      if (calm < CALM_TASKS) return;
      now = Math.min(limit, now + 1);
      calm = 0;
    },
    slower: (): void => {
      now = Math.max(1, Math.floor(now / 2));
      calm = 0;
    },
  };
};

/**
 * At most `limit` tasks at a time. Owners take turns, so that one with a thousand tasks does not hold up one with two;
 * within an owner, first come, first served.
 */
export const createFairQueue = (limit: number): FairQueue => {
  const waiting = new Map<string, (() => void)[]>();
  const pace = createPace(limit);
  let running = 0;

  const startNext = (): void => {
    const [next] = waiting;
    if (!next || !pace.allows(running)) return;
    const [owner, starts] = next;
    const start = starts.shift();
    waiting.delete(owner);
    if (starts.length > 0) waiting.set(owner, starts);
    running += 1;
    start?.();
    startNext();
  };

  const turn = (owner: string): Promise<void> =>
    new Promise((start) => {
      const starts = waiting.get(owner);
      if (starts) starts.push(start);
      else waiting.set(owner, [start]);
      startNext();
    });

  const run = async <T>(owner: string, task: () => Promise<T>): Promise<T> => {
    await turn(owner);
    try {
      return await task();
    } finally {
      running -= 1;
      pace.ended();
      startNext();
    }
  };
  return Object.assign(run, { slower: pace.slower });
};
