import { createHash } from 'node:crypto';
import { emptyPlanIndex, type PlanIndex, type PlanIndexEntry } from '../../domain/plan-index.ts';
import type { BlobCache } from '../../ports/blob-cache.ts';

/** Plan indexes in the blob cache, named by their digest. */
export interface PlanIndexes {
  /** An absent or lost one is empty, so that every application of the ref is looked at again. */
  load(key: string | undefined): Promise<PlanIndex>;
  store(index: PlanIndex): Promise<string>;
}

type Entries = Record<string, PlanIndexEntry>;

/** The object that the key names: where the parts of the index are. */
interface Parts {
  format: 2;
  commit: string;
  keys: string[];
}

interface Known {
  key: string;
  index: PlanIndex;
  /** The entries of each part, and the part's key. */
  parts: { key: string; entries: Entries }[];
}

/** Up to so many applications an index is one part. */
const FEW = 500;
/** A larger one has so many, of which a small change writes one. */
const PARTS = 16;

/** The last index stays parsed for the next plan of this process: at 10,000 applications it is megabytes. */
export const createPlanIndexes = (blobs: BlobCache): PlanIndexes => {
  let last: Known | undefined;
  return {
    load: async (key) => {
      if (key === undefined) return emptyPlanIndex('');
      if (last?.key !== key) last = await read(blobs, key);
      return last?.index ?? emptyPlanIndex('');
    },
    store: async (index) => {
      const parts = await Promise.all(
        split(index.entries).map((entries, at) => writePart(blobs, entries, last?.parts[at])),
      );
      const list: Parts = { format: 2, commit: index.commit, keys: parts.map(({ key }) => key) };
      const key = await write(blobs, list);
      last = { key, index, parts };
      return key;
    },
  };
};

const read = async (blobs: BlobCache, key: string): Promise<Known | undefined> => {
  const list = await readJson<Parts | PlanIndex>(blobs, key);
  if (!list) return undefined;
  if (list.format === 1) return { key, index: list, parts: [] };
  const parts = await Promise.all(
    list.keys.map(async (part) => ({ key: part, entries: await readJson<Entries>(blobs, part) })),
  );
  const whole = parts.flatMap((part) => (part.entries ? [{ key: part.key, entries: part.entries }] : []));
  // A part that is lost is a part whose applications are looked at again.
  const entries: Entries = Object.assign({}, ...whole.map((part) => part.entries));
  const index: PlanIndex = { format: 1, commit: list.commit, entries };
  return { key, index, parts: whole.length === parts.length ? whole : [] };
};

const readJson = async <T>(blobs: BlobCache, key: string): Promise<T | undefined> => {
  const bytes = await blobs.get(key);
  return bytes && (JSON.parse(Buffer.from(bytes).toString()) as T);
};

/** Each entry's part follows from its id, so that a part stays as it is while its entries do. */
const split = (entries: Entries): Entries[] => {
  const ids = Object.keys(entries);
  if (ids.length <= FEW) return [entries];
  const parts: Entries[] = Array.from({ length: PARTS }, () => ({}));
  for (const id of ids) {
    const entry = entries[id];
    const part = parts[partOf(id)];
    if (entry && part) part[id] = entry;
  }
  return parts;
};

const partOf = (id: string): number => {
  let hash = 0;
  for (let at = 0; at < id.length; at++) hash = (Math.imul(hash, 31) + id.charCodeAt(at)) | 0;
  return (hash >>> 0) % PARTS;
};

const writePart = async (blobs: BlobCache, entries: Entries, before: Known['parts'][number] | undefined) => {
  if (before && isSame(entries, before.entries)) return { key: before.key, entries };
  return { key: await write(blobs, entries), entries };
};

/** A plan takes over the very entries that it finds unchanged. */
const isSame = (now: Entries, before: Entries): boolean => {
  const ids = Object.keys(now);
  return ids.length === Object.keys(before).length && ids.every((id) => now[id] === before[id]);
};

const write = async (blobs: BlobCache, content: Entries | Parts): Promise<string> => {
  const bytes = Buffer.from(JSON.stringify(content));
  const key = `indexes/${createHash('sha256').update(bytes).digest('hex')}.json`;
  await blobs.put(key, bytes);
  return key;
};
