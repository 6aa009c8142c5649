/** Virtual time: what is to happen, in order; nothing happens by itself. */
export interface Scheduler {
  now(): number;
  after(milliseconds: number, run: () => void): void;
  /** When the next event is; undefined: nothing is left. */
  nextAt(): number | undefined;
  /** Lets what runs come to its next wait, then makes the next event happen; false: nothing was left. */
  step(): Promise<boolean>;
}

interface Entry {
  at: number;
  order: number;
  run: () => void;
}

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A scheduler that starts at a time (ms). Equal times happen in the order in which they were asked for. */
export const createScheduler = (start: number): Scheduler => {
  let now = start;
  let order = 0;
  const heap: Entry[] = [];
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b] as Entry, heap[a] as Entry];
  };
  const push = (entry: Entry): void => {
    heap.push(entry);
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at] as Entry, heap[parent] as Entry)) return;
      swap(at, parent);
      at = parent;
    }
  };
  const pop = (): Entry | undefined => {
    const [top] = heap;
    const last = heap.pop();
    if (!top || !last || heap.length === 0) return top;
    heap[0] = last;
    for (let at = 0; ; ) {
      const children = [2 * at + 1, 2 * at + 2].filter((child) => child < heap.length);
      const [left, right] = children;
      if (left === undefined) return top;
      const least = right !== undefined && isBefore(heap[right] as Entry, heap[left] as Entry) ? right : left;
      if (!isBefore(heap[least] as Entry, heap[at] as Entry)) return top;
      swap(at, least);
      at = least;
    }
  };
  return {
    now: () => now,
    after: (milliseconds, run) => push({ at: now + Math.max(0, milliseconds), order: order++, run }),
    nextAt: () => heap[0]?.at,
    step: async () => {
      await settled();
      const next = pop();
      if (!next) return false;
      now = Math.max(now, next.at);
      next.run();
      return true;
    },
  };
};
