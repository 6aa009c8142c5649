import type { BlobCache } from '../../ports/blob-cache.ts';

/**
 * A blob cache for reading content-addressed objects: those read last stay in this process (up to `limitBytes` in all), and
 * who asks for one that is on its way gets the same. Nothing is remembered of what was not there.
 */
export const keepRecent = (blobs: Pick<BlobCache, 'get'>, limitBytes: number): Pick<BlobCache, 'get'> => {
  const kept = new Map<string, Uint8Array>();
  const asked = new Map<string, Promise<Uint8Array | undefined>>();
  let size = 0;
  const keep = (key: string, bytes: Uint8Array): void => {
    kept.set(key, bytes);
    size += bytes.byteLength;
    for (const [oldest, { byteLength }] of kept) {
      if (size <= limitBytes) break;
      kept.delete(oldest);
      size -= byteLength;
    }
  };
  const fetch = async (key: string): Promise<Uint8Array | undefined> => {
    try {
      const bytes = await blobs.get(key);
      if (bytes) keep(key, bytes);
      return bytes;
    } finally {
      asked.delete(key);
    }
  };
  return {
    get: (key) => {
      const bytes = kept.get(key);
      if (bytes) return Promise.resolve(bytes);
      const answer = asked.get(key) ?? fetch(key);
      asked.set(key, answer);
      return answer;
    },
  };
};
