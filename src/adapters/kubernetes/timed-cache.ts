/** A value that is good until a time (milliseconds since the epoch). */
export interface Timed<T> {
  value: T;
  until: number;
}

export interface TimedCache<T> {
  /** The kept value, or a new one; made once however many ask at a time. A failure is not kept. */
  get(key: string, make: () => Promise<Timed<T>>): Promise<T>;
  /** Forgets this very value; a newer one, made since it was got, stays. */
  forget(key: string, value: T): void;
}

/** Keeps values until they expire; expired ones go when a new one is made, so that the cache does not grow. */
export const createTimedCache = <T>(clock: () => number): TimedCache<T> => {
  const entries = new Map<string, { value: Promise<T>; made?: Timed<T>; until: number }>();

  const make = (key: string, maker: () => Promise<Timed<T>>): Promise<T> => {
    for (const [other, { until }] of entries) if (until <= clock()) entries.delete(other);
    const made = maker();
    const value = made.then((timed) => timed.value);
    const entry: { value: Promise<T>; made?: Timed<T>; until: number } = { value, until: Number.POSITIVE_INFINITY };
    entries.set(key, entry);
    made.then(
      (timed) => {
        entry.made = timed;
        entry.until = timed.until;
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
    forget: (key, value) => {
      if (entries.get(key)?.made?.value === value) entries.delete(key);
    },
  };
};
