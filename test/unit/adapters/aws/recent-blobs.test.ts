import { describe, expect, it } from 'vitest';
import { keepRecent } from '../../../../src/adapters/aws/recent-blobs.ts';

const recorded = (limitBytes: number, stored: Record<string, number>) => {
  const reads: string[] = [];
  const blobs = keepRecent(
    {
      get: (key) => {
        reads.push(key);
        const bytes = stored[key];
        return Promise.resolve(bytes === undefined ? undefined : new Uint8Array(bytes));
      },
    },
    limitBytes,
  );
  return { reads, blobs };
};

describe('recent blobs', () => {
  it('reads an object once, also for those who ask while it is on its way', async () => {
    const { reads, blobs } = recorded(10, { a: 3 });
    const [first, second] = await Promise.all([blobs.get('a'), blobs.get('a')]);
    expect([first?.byteLength, second?.byteLength, (await blobs.get('a'))?.byteLength]).toEqual([3, 3, 3]);
    expect(reads).toEqual(['a']);
  });

  it('lets go of the oldest beyond its limit, and of what is larger than it', async () => {
    const { reads, blobs } = recorded(10, { a: 6, b: 6, large: 11 });
    for (const key of ['a', 'b', 'b', 'a', 'large', 'large']) await blobs.get(key);
    expect(reads).toEqual(['a', 'b', 'a', 'large', 'large']);
  });

  it('asks again for what was not there', async () => {
    const { reads, blobs } = recorded(10, {});
    expect(await blobs.get('gone')).toBeUndefined();
    await blobs.get('gone');
    expect(reads).toEqual(['gone', 'gone']);
  });
});
