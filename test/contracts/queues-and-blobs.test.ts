import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe } from 'vitest';
import { createS3BlobCache } from '../../src/adapters/aws/s3-blob-cache.ts';
import { createBucket } from '../../src/local/aws/bucket.ts';
import { createMemoryBlobs } from '../fakes/memory-ports.ts';
import { describeBlobCache } from './blob-cache-suite.ts';
import { describeQueues } from './queues-suite.ts';

let fauxqs: Awaited<ReturnType<typeof startFauxqs>>;
const settings = () => ({
  endpoint: `http://127.0.0.1:${fauxqs.port}`,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

beforeAll(async () => {
  fauxqs = await startFauxqs({ port: 0, logger: false });
});
afterAll(() => fauxqs.stop());

describeQueues('emulator', () => new SQSClient({ ...settings(), useQueueUrlAsEndpoint: false }));

const memory = createMemoryBlobs();
describeBlobCache('memory', () => memory);

describe('S3', () => {
  let client: S3Client;
  beforeAll(async () => {
    client = new S3Client({ ...settings(), forcePathStyle: true });
    await createBucket(client, 'contract');
    await createBucket(client, 'contract');
  });
  afterAll(() => client.destroy());
  describeBlobCache('emulator', () => createS3BlobCache(client, 'contract'));
});
