import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { transient } from '../../domain/errors.ts';
import type { BlobCache } from '../../ports/blob-cache.ts';

/** The blob cache over one S3 bucket. Errors: AppError `blob-cache-unreachable` (transient). */
export const createS3BlobCache = (client: S3Client, bucket: string): BlobCache => ({
  get: async (key) => {
    try {
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return await answer.Body?.transformToByteArray();
    } catch (error) {
      // Without s3:ListBucket a missing key answers 403 and not 404; both mean "not there" for a cache.
      if (error instanceof Error && ['NoSuchKey', 'NotFound', 'AccessDenied'].includes(error.name)) return undefined;
      throw unreachable(key, error);
    }
  },
  put: async (key, bytes) => {
    try {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }));
    } catch (error) {
      throw unreachable(key, error);
    }
  },
});

const unreachable = (key: string, cause: unknown) =>
  transient('blob-cache-unreachable', `S3 did not serve ${key}`, { cause });
