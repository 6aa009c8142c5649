import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFairQueue } from '../../../../src/adapters/kubernetes/fair-queue.ts';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('owners take turns', async () => {
  const queue = createFairQueue(1);
  const order: string[] = [];
  const run = (owner: string, name: string) => queue(owner, async () => void order.push(name));
  await Promise.all([run('big', 'b1'), run('big', 'b2'), run('big', 'b3'), run('small', 's1'), run('small', 's2')]);
  expect(order).toEqual(['b1', 'b2', 's1', 'b3', 's2']);
});

test('a failed task gives its place back', async () => {
  const queue = createFairQueue(1);
  const failed = queue('a', () => Promise.reject(new Error('no')));
  const next = queue('a', async () => 'ran');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('ran');
});

test('never more than the limit at a time, every task once, an owner’s in order', async () => {
  const tasks = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), tasks, async (limit, owners) => {
      const queue = createFairQueue(limit);
      const started: { owner: string; index: number }[] = [];
      let running = 0;
      let most = 0;
      await Promise.all(
        owners.map((owner, index) =>
          queue(owner, async () => {
            started.push({ owner, index });
            running += 1;
            most = Math.max(most, running);
            await tick();
            running -= 1;
          }),
        ),
      );
      expect(most).toBe(Math.min(limit, owners.length));
      expect(started).toHaveLength(owners.length);
      for (const owner of ['a', 'b', 'c']) {
        const indices = started.filter((task) => task.owner === owner).map(({ index }) => index);
        expect(indices).toEqual([...indices].sort((x, y) => x - y));
      }
    }),
    { numRuns: 30 },
  );
});

test('runs half as many at a time when they are too many, and one more after twenty that were not', async () => {
  const queue = createFairQueue(4);
  const wide = async (tasks: number): Promise<number> => {
    let running = 0;
    let most = 0;
    const task = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await tick();
      running -= 1;
    };
    await Promise.all(Array.from({ length: tasks }, () => queue('a', task)));
    return most;
  };
  expect(await wide(10)).toBe(4);
  queue.slower();
  expect(await wide(10)).toBe(2);
  queue.slower();
  queue.slower();
  expect(await wide(20)).toBe(1);
  expect(await wide(19)).toBe(2);
  expect(await wide(1_000)).toBe(4);
});
