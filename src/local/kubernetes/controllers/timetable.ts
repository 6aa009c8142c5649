/** Work by key, each at its time; one timer for all. */
export interface Timetable {
  /** Replaces what was planned under the key. `at` in milliseconds since the epoch. */
  plan(key: string, at: number, work: () => void): void;
  stop(): void;
}

const longest = 2 ** 30;

/** `failed` hears what work throws; the rest goes on. */
export const createTimetable = (clock: () => number, failed: (error: unknown) => void): Timetable => {
  const planned = new Map<string, { at: number; work: () => void }>();
  let timer: { at: number; handle: NodeJS.Timeout } | undefined;
  let isStopped = false;

  const armFor = (at: number): void => {
    if (isStopped || (timer && timer.at <= at)) return;
    if (timer) clearTimeout(timer.handle);
    timer = { at, handle: setTimeout(runDue, Math.min(Math.max(1, at - clock()), longest)) };
  };
  const runDue = (): void => {
    timer = undefined;
    const now = clock();
    const due = [...planned].filter(([, { at }]) => at <= now);
    for (const [key, { work }] of due) {
      planned.delete(key);
      try {
        work();
      } catch (error) {
        failed(error);
      }
    }
    // Looking through all for the next time is only needed after a run.
    for (const { at } of planned.values()) armFor(at);
  };
  return {
    plan: (key, at, work) => {
      planned.set(key, { at, work });
      armFor(at);
    },
    stop: () => {
      isStopped = true;
      if (timer) clearTimeout(timer.handle);
      planned.clear();
    },
  };
};
