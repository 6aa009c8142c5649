/** A value that is good until a time (milliseconds since the epoch). */
export interface Timed<T> {
  value: T;
  until: number;
}

export interface TimedCache<T> {
  /** The kept value, or a new one; made once however many ask at a time. A failure is not kept. */
  get(key: string, make: () => Promise<Timed<T>>): Promise<T>;
  forget(key: string): void;
}

/** Keeps values until they expire; expired ones go when a new one is made, so that the cache does not grow. */
export const createTimedCache = <T>(clock: () => number): TimedCache<T> => {
  const entries = new Map<string, { value: Promise<T>; until: number }>();

  const make = (key: string, maker: () => Promise<Timed<T>>): Promise<T> => {
    for (const [other, { until }] of entries) if (until <= clock()) entries.delete(other);
    const made = maker();
    const entry = { value: made.then(({ value }) => value), until: Number.POSITIVE_INFINITY };
    entries.set(key, entry);
    made.then(
      ({ until }) => {
        entry.until = until;
      },
      () => {
        if (entries.get(key) === entry) entries.delete(key);
      },
    );
    return entry.value;
  };

  return {
    get: (key, maker) => {
      const entry = entries.get(key);
      return entry && entry.until > clock() ? entry.value : make(key, maker);
    },
    forget: (key) => void entries.delete(key),
  };
};
