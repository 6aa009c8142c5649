import { join } from 'node:path';
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { startFauxqs } from 'fauxqs';

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
  const fauxqs = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const endpoint = `http://127.0.0.1:${fauxqs.port}`;
  const queues = QUEUES.map((name) => [name, createQueue(fauxqs, name, endpoint)] as const);
  fauxqs.createBucket('towline');
  const dynamo = await startDynamo(join(stateDir, 'dynamodb'));
  await createTables(dynamo.endpoint);
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

const createQueue = (fauxqs: Awaited<ReturnType<typeof startFauxqs>>, name: QueueName, endpoint: string): string => {
  const dead = fauxqs.createQueue(`towline-${name}-dead`);
  fauxqs.createQueue(`towline-${name}`, {
    attributes: {
      VisibilityTimeout: VISIBILITY_SECONDS,
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount: MAX_RECEIVES }),
    },
  });
  return `${endpoint}/000000000000/towline-${name}`;
};

const startDynamo = async (path: string): Promise<{ endpoint: string; close: () => Promise<void> }> => {
  const server = dynalite({ path, createTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the DynamoDB emulator has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const hash = (name: string) => ({ AttributeName: name, KeyType: 'HASH' as const });
const range = (name: string) => ({ AttributeName: name, KeyType: 'RANGE' as const });
const text = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
const number = (name: string) => ({ AttributeName: name, AttributeType: 'N' as const });
const keysOnly = { Projection: { ProjectionType: 'KEYS_ONLY' as const } };

const dueIndex = { IndexName: 'due', KeySchema: [hash('dueShard'), range('due')], ...keysOnly };
const rows = (table: string): CreateTableCommandInput => ({
  TableName: `towline-${table}`,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [text('id'), text('dueShard'), number('due')],
  KeySchema: [hash('id')],
  GlobalSecondaryIndexes: [dueIndex],
});

/** The tables that infra/tables.yml declares (a test holds the two together). */
export const TABLES: CreateTableCommandInput[] = [
  rows('fleets'),
  rows('deliveries'),
  rows('refs'),
  rows('rollouts'),
  rows('renders'),
  {
    ...rows('applications'),
    AttributeDefinitions: [text('id'), text('dueShard'), number('due'), text('awaiting')],
    GlobalSecondaryIndexes: [
      dueIndex,
      { IndexName: 'awaiting', KeySchema: [hash('awaiting'), range('id')], ...keysOnly },
    ],
  },
  {
    TableName: 'towline-outcomes',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [text('rolloutShard'), text('application')],
    KeySchema: [hash('rolloutShard'), range('application')],
  },
];

const createTables = async (endpoint: string): Promise<void> => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  try {
    for (const table of TABLES) await createTable(client, table);
  } finally {
    client.destroy();
  }
};

const createTable = async (client: DynamoDBClient, table: CreateTableCommandInput): Promise<void> => {
  try {
    await client.send(new CreateTableCommand(table));
  } catch (error) {
    // Kept from an earlier start.
    if (!(error instanceof Error) || error.name !== 'ResourceInUseException') throw error;
  }
};
