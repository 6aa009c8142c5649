/** Work by key, each at its time; one timer for all. */
export interface Timetable {
  /** Replaces what was planned under the key. `at` in milliseconds since the epoch. */
  plan(key: string, at: number, work: () => void): void;
  stop(): void;
}

/** `failed` hears what work throws; the rest goes on. */
export const createTimetable = (clock: () => number, failed: (error: unknown) => void): Timetable => {
  const planned = new Map<string, { at: number; work: () => void }>();
  let timer: { at: number; handle: NodeJS.Timeout } | undefined;
  let stopped = false;

  const runDue = (): void => {
    timer = undefined;
    const now = clock();
    for (const [key, { at, work }] of [...planned]) {
      if (at > now) continue;
      planned.delete(key);
      try {
        work();
      } catch (error) {
        failed(error);
      }
    }
    arm();
  };
  const arm = (): void => {
    if (stopped || planned.size === 0) return;
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of planned.values()) next = Math.min(next, at);
    if (timer && timer.at <= next) return;
    if (timer) clearTimeout(timer.handle);
    const delay = Math.min(Math.max(1, next - clock()), 2 ** 30);
    timer = { at: next, handle: setTimeout(runDue, delay) };
  };
  return {
    plan: (key, at, work) => {
      planned.set(key, { at, work });
      // Looking through all for the next time is only needed after a run.
      if (!timer || at < timer.at) {
        if (timer) clearTimeout(timer.handle);
        timer = undefined;
        if (!stopped) timer = { at, handle: setTimeout(runDue, Math.min(Math.max(1, at - clock()), 2 ** 30)) };
      }
    },
    stop: () => {
      stopped = true;
      if (timer) clearTimeout(timer.handle);
      planned.clear();
    },
  };
};
