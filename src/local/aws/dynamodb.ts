import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';

/** DynamoDB on LevelDB under `path`, on a loopback port of its own, with every table made. */
export const startDynamo = async (path: string): Promise<{ endpoint: string; close: () => Promise<void> }> => {
  const server = dynalite({ path, createTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the DynamoDB emulator has no port');
  const endpoint = `http://127.0.0.1:${address.port}`;
  await createTables(endpoint);
  return {
    endpoint,
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
  rows('registrations'),
  rows('rollouts'),
  rows('commits'),
  rows('previews'),
  rows('alerts'),
  rows('answers'),
  rows('clusters'),
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
