import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BlobCache } from '../../src/ports/blob-cache.ts';

/** What every `BlobCache` promises; run on the fake and on the real ones. */
export const describeBlobCache = (name: string, open: () => BlobCache): void => {
  describe(`BlobCache: ${name}`, () => {
    const key = (): string => `manifests/${randomUUID()}`;

    it('answers undefined for what is not there', async () => {
      expect(await open().get(key())).toBeUndefined();
    });

    it.each([0, 1, 5_000_000])('keeps %i bytes as they are', async (size) => {
      const blobs = open();
      const place = key();
      const bytes = randomBytes(size);
      await blobs.put(place, bytes);
      expect(Buffer.from((await blobs.get(place)) ?? []).equals(bytes)).toBe(true);
    });

    it('lets the same be put again, by several at once', async () => {
      const blobs = open();
      const place = key();
      await Promise.all(Array.from({ length: 5 }, () => blobs.put(place, Buffer.from('same'))));
      expect(Buffer.from((await blobs.get(place)) ?? []).toString()).toBe('same');
    });
  });
};
