import { createHash } from 'node:crypto';
import { previewKey } from '../../domain/preview/preview-row.ts';
import type { BlobCache } from '../../ports/blob-cache.ts';

/** Keeps a plan or a view in the blob cache; answers with the digest that names it. */
export const storePreview = async (blobs: BlobCache, content: unknown): Promise<string> => {
  const bytes = Buffer.from(JSON.stringify(content));
  const digest = createHash('sha256').update(bytes).digest('hex');
  await blobs.put(previewKey(digest), bytes);
  return digest;
};

/** What was kept under a digest; undefined where the cache has lost it. */
export const loadPreview = async <Content>(
  blobs: Pick<BlobCache, 'get'>,
  digest: string | undefined,
): Promise<Content | undefined> => {
  const bytes = digest === undefined ? undefined : await blobs.get(previewKey(digest));
  return bytes && (JSON.parse(Buffer.from(bytes).toString()) as Content);
};
