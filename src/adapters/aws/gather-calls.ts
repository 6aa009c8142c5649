/**
 * One call for many: what is asked for within one turn of the event loop goes to `run` together, at most `limit` at a
 * time, and each asker gets its own result (`run` answers in the order of its items). An error of `run` is every asker's.
 */
export const gatherCalls = <Item, Result>(
  limit: number,
  run: (items: Item[]) => Promise<Result[]>,
): ((item: Item) => Promise<Result>) => {
  let gathered: Asked<Item, Result>[] = [];
  const flush = (): void => {
    const asked = gathered;
    gathered = [];
    if (asked.length > 0) void answer(asked, run);
  };
  return (item) =>
    new Promise((resolve, reject) => {
      if (gathered.length === 0) setImmediate(flush);
      gathered.push({ item, resolve, reject });
      if (gathered.length === limit) flush();
    });
};

interface Asked<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

const answer = async <Item, Result>(
  asked: readonly Asked<Item, Result>[],
  run: (items: Item[]) => Promise<Result[]>,
): Promise<void> => {
  try {
    const results = await run(asked.map(({ item }) => item));
    for (const [index, { resolve }] of asked.entries()) resolve(results[index] as Result);
  } catch (error) {
    for (const { reject } of asked) reject(error);
  }
};
