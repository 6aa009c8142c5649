import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe } from 'vitest';
import { createS3BlobCache } from '../../src/adapters/aws/s3-blob-cache.ts';
import { createBucket } from '../../src/local/aws/bucket.ts';
import { describeBlobCache } from '../contracts/blob-cache-suite.ts';
import { describeDynamo } from '../contracts/dynamo-suite.ts';
import { describeQueues } from '../contracts/queues-suite.ts';
import { realParts } from './real-parts.ts';

const parts = realParts();
const settings = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

describeDynamo('DynamoDB Local', () => new DynamoDBClient({ ...settings, endpoint: parts.dynamodb }));
describeQueues('ElasticMQ', () => new SQSClient({ ...settings, endpoint: parts.sqs, useQueueUrlAsEndpoint: false }));
describeQueues('moto', () => new SQSClient({ ...settings, endpoint: parts.moto, useQueueUrlAsEndpoint: false }));

describe('S3', () => {
  const bucket = `contract-${randomUUID()}`;
  let client: S3Client;
  beforeAll(async () => {
    client = new S3Client({ ...settings, endpoint: parts.moto, forcePathStyle: true });
    await createBucket(client, bucket);
    await createBucket(client, bucket);
  });
  afterAll(() => client.destroy());
  describeBlobCache('moto', () => createS3BlobCache(client, bucket));
});
