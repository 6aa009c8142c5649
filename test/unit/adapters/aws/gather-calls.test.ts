import { describe, expect, it } from 'vitest';
import { gatherCalls } from '../../../../src/adapters/aws/gather-calls.ts';

const recorded = (limit: number) => {
  const runs: string[][] = [];
  const call = gatherCalls(limit, (items: string[]) => {
    runs.push(items);
    return items.includes('bad') ? Promise.reject(new Error('no')) : Promise.resolve(items.map((item) => `${item}!`));
  });
  return { runs, call };
};

describe('gathered calls', () => {
  it('makes one call of what is asked for in one turn, and answers each asker with its own', async () => {
    const { runs, call } = recorded(10);
    expect(await Promise.all([call('a'), call('b'), call('a')])).toEqual(['a!', 'b!', 'a!']);
    expect(await call('c')).toBe('c!');
    expect(runs).toEqual([['a', 'b', 'a'], ['c']]);
  });

  it('never passes on more than the limit at a time', async () => {
    const { runs, call } = recorded(2);
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(call));
    expect(runs).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('fails every asker of a failed call, and nobody of the next one', async () => {
    const { call } = recorded(10);
    const results = await Promise.allSettled([call('a'), call('bad')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await call('a')).toBe('a!');
  });
});
