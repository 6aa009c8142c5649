import { describe, expect, it } from 'vitest';
import { createPlanIndexes } from '../../../../src/app/plan/plan-index-store.ts';
import type { PlanIndex } from '../../../../src/domain/plan-index.ts';
import { createMemoryBlobs } from '../../../fakes/memory-ports.ts';

const indexOf = (count: number, more: PlanIndex['entries'] = {}): PlanIndex => ({
  format: 1,
  commit: 'c1',
  entries: {
    ...Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`argocd/app-${at}`, { specDigest: `${at}`, inputs: [null] }]),
    ),
    ...more,
  },
});

describe('plan indexes', () => {
  it.each([0, 1, 500, 501, 3_000])('of %i applications come back as they were stored', async (count) => {
    const blobs = createMemoryBlobs();
    const key = await createPlanIndexes(blobs).store(indexOf(count));
    expect(await createPlanIndexes(blobs).load(key)).toEqual(indexOf(count));
  });

  it('write, of a large one, only the part that an application changed in', async () => {
    const blobs = createMemoryBlobs();
    const indexes = createPlanIndexes(blobs);
    const first = indexOf(3_000);
    await indexes.store(first);
    const before = blobs.blobs.size;
    const changed = { ...first, entries: { ...first.entries, 'argocd/app-7': { specDigest: 'new', inputs: [] } } };
    const key = await indexes.store(changed);
    expect(blobs.blobs.size - before).toBe(2);
    expect(await createPlanIndexes(blobs).load(key)).toEqual(changed);
  });

  it('forget the applications of a part that the cache lost, and no other', async () => {
    const blobs = createMemoryBlobs();
    const key = await createPlanIndexes(blobs).store(indexOf(3_000));
    const [lost = ''] = [...blobs.blobs.keys()].filter((one) => one !== key);
    blobs.blobs.delete(lost);
    const count = Object.keys((await createPlanIndexes(blobs).load(key)).entries).length;
    expect(count).toBeLessThan(3_000);
    expect(count).toBeGreaterThan(2_000);
  });

  it('read one that an older version wrote whole', async () => {
    const blobs = createMemoryBlobs();
    await blobs.put('indexes/old.json', Buffer.from(JSON.stringify(indexOf(2))));
    expect(await createPlanIndexes(blobs).load('indexes/old.json')).toEqual(indexOf(2));
  });
});
