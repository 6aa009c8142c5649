import { join } from 'node:path';
import { startFauxqs } from 'fauxqs';
import { startDynamo } from './dynamodb.ts';

export const QUEUES = ['changes', 'renders', 'syncs', 'reports'] as const;
export type QueueName = (typeof QUEUES)[number];

const MAX_RECEIVES = '5';
const VISIBILITY_SECONDS = '720';

export interface Emulators {
  /** What the AWS SDKs and src/config.ts read: endpoints, region, throw-away credentials, queue URLs, names. */
  environment: Record<string, string>;
  /** Messages in a queue: ready, delayed and in flight. */
  depth(queue: QueueName): number;
  close(): Promise<void>;
}

/** Starts SQS and S3 (in memory) and DynamoDB (LevelDB under `stateDir`) on loopback ports of their own. */
export const startEmulators = async (stateDir: string): Promise<Emulators> => {
  const fauxqs = await startFauxqs({ port: 0, logger: false });
  const endpoint = `http://127.0.0.1:${fauxqs.port}`;
  const queues = QUEUES.map((name) => [name, createQueue(fauxqs, name)] as const);
  fauxqs.createBucket('towline');
  const dynamo = await startDynamo(join(stateDir, 'dynamodb'));
  return {
    environment: {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_SQS: endpoint,
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
      ...Object.fromEntries(queues.map(([name, url]) => [`TOWLINE_QUEUE_${name.toUpperCase()}`, url])),
    },
    depth: (queue) => {
      const messages = fauxqs.inspectQueue(`towline-${queue}`)?.messages;
      return messages ? messages.ready.length + messages.delayed.length + messages.inflight.length : 0;
    },
    close: async () => {
      await Promise.all([fauxqs.stop(), dynamo.close()]);
    },
  };
};

const createQueue = (fauxqs: Awaited<ReturnType<typeof startFauxqs>>, name: QueueName): string => {
  const dead = fauxqs.createQueue(`towline-${name}-dead`);
  const { queueUrl } = fauxqs.createQueue(`towline-${name}`, {
    attributes: {
      VisibilityTimeout: VISIBILITY_SECONDS,
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount: MAX_RECEIVES }),
    },
  });
  return queueUrl;
};
