import { createHash } from 'node:crypto';
import { emptyPlanIndex, type PlanIndex } from '../../domain/plan-index.ts';
import type { BlobCache } from '../../ports/blob-cache.ts';

/** Plan indexes in the blob cache, named by their digest. */
export interface PlanIndexes {
  /** An absent or lost one is empty, so that every application of the ref is looked at again. */
  load(key: string | undefined): Promise<PlanIndex>;
  store(index: PlanIndex): Promise<string>;
}

/** The last index stays parsed for the next plan of this process: at 10,000 applications it is megabytes. */
export const createPlanIndexes = (blobs: BlobCache): PlanIndexes => {
  let last: { key: string; index: PlanIndex } | undefined;
  return {
    load: async (key) => {
      if (key === undefined) return emptyPlanIndex('');
      if (last?.key === key) return last.index;
      const bytes = await blobs.get(key);
      if (!bytes) return emptyPlanIndex('');
      last = { key, index: JSON.parse(Buffer.from(bytes).toString()) as PlanIndex };
      return last.index;
    },
    store: async (index) => {
      const bytes = Buffer.from(JSON.stringify(index));
      const key = `indexes/${createHash('sha256').update(bytes).digest('hex')}.json`;
      if (last?.key !== key) await blobs.put(key, bytes);
      last = { key, index };
      return key;
    },
  };
};
