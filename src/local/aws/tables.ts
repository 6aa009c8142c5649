import { CreateTableCommand, type CreateTableCommandInput, type DynamoDBClient } from '@aws-sdk/client-dynamodb';

const hash = (name: string) => ({ AttributeName: name, KeyType: 'HASH' as const });
const range = (name: string) => ({ AttributeName: name, KeyType: 'RANGE' as const });
const text = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
const number = (name: string) => ({ AttributeName: name, AttributeType: 'N' as const });
const keysOnly = { Projection: { ProjectionType: 'KEYS_ONLY' as const } };

const dueIndex = { IndexName: 'due', KeySchema: [hash('dueShard'), range('due')], ...keysOnly };
const rows = (table: string): CreateTableCommandInput => ({
  TableName: table,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [text('id'), text('dueShard'), number('due')],
  KeySchema: [hash('id')],
  GlobalSecondaryIndexes: [dueIndex],
});

/** The tables that infra/tables.yml declares (a test holds the two together), by their names without the prefix. */
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
    TableName: 'outcomes',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [text('rolloutShard'), text('application')],
    KeySchema: [hash('rolloutShard'), range('application')],
  },
];

/** Makes the tables that are missing, each by its name after `prefix`. */
export const createTables = async (client: DynamoDBClient, prefix: string): Promise<void> => {
  await Promise.all(
    TABLES.map((table) => createTable(client, { ...table, TableName: `${prefix}${table.TableName ?? ''}` })),
  );
};

const createTable = async (client: DynamoDBClient, table: CreateTableCommandInput): Promise<void> => {
  try {
    await client.send(new CreateTableCommand(table));
  } catch (error) {
    // Kept from an earlier start.
    if (!(error instanceof Error) || error.name !== 'ResourceInUseException') throw error;
  }
};
