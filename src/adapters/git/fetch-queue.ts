interface Asked<Answer> {
  resolve(answer: Answer | undefined): void;
  reject(error: unknown): void;
}

/**
 * Shares fetches between callers: one batch at a time. A call that arrives while a batch runs waits for the next one,
 * since the push that it is about may be newer than what the running batch has seen; all that wait go together.
 * `run` takes the distinct names and answers by name; absent: there is none. An error fails its whole batch.
 */
export const createFetchQueue = <Answer>(
  run: (names: readonly string[]) => Promise<ReadonlyMap<string, Answer>>,
): ((name: string) => Promise<Answer | undefined>) => {
  let next = new Map<string, Asked<Answer>[]>();
  let running = false;
  const drain = async (): Promise<void> => {
    running = true;
    while (next.size > 0) {
      const batch = next;
      next = new Map();
      await runBatch(run, batch);
    }
    running = false;
  };
  return (name) =>
    new Promise((resolve, reject) => {
      next.set(name, [...(next.get(name) ?? []), { resolve, reject }]);
      if (!running) void drain();
    });
};

/** Never rejects: every outcome goes to those who asked. */
const runBatch = async <Answer>(
  run: (names: readonly string[]) => Promise<ReadonlyMap<string, Answer>>,
  batch: ReadonlyMap<string, Asked<Answer>[]>,
): Promise<void> => {
  try {
    const answers = await run([...batch.keys()]);
    for (const [name, asked] of batch) for (const { resolve } of asked) resolve(answers.get(name));
  } catch (error) {
    for (const asked of batch.values()) for (const { reject } of asked) reject(error);
  }
};

/** Runs one piece of work after the other, in the order of the calls; a failure fails only its own caller. */
export const createTurns = (): (<Result>(work: () => Promise<Result>) => Promise<Result>) => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
};
