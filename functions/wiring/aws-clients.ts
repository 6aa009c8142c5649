import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

/** An SDK client keeps the chain of its middleware from call to call, instead of putting it together for each. */
const KEPT = { cacheMiddleware: true } as const;

/** What the SDK's logger would be given is put together for each call, and nobody reads it: a tenth of a call's cost. */
const withoutLogger = <Client extends { middlewareStack: { remove(name: string): boolean } }>(
  client: Client,
): Client => {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
};

/** A client for rows. */
export const dynamoClient = (): DynamoDBClient => withoutLogger(new DynamoDBClient(KEPT));

/** A client for messages; queue URLs are names, and where they are served is configured. */
export const sqsClient = (): SQSClient => withoutLogger(new SQSClient({ ...KEPT, useQueueUrlAsEndpoint: false }));

/** A client for blobs. */
export const s3Client = (): S3Client => withoutLogger(new S3Client({ ...KEPT, forcePathStyle: true }));
