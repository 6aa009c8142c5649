import {
  type AttributeValue,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandOutput,
  ScanCommand,
  type ScanCommandOutput,
} from '@aws-sdk/client-dynamodb';
import type { ApplicationIndex, RowIndex } from '../../ports/application-index.ts';
import { translateDynamoError } from './dynamodb-errors.ts';

type Page = QueryCommandOutput | ScanCommandOutput;
type Key = Record<string, AttributeValue> | undefined;

/** The sparse index `awaiting` and the key scan of the applications' table. */
export const createDynamoApplicationIndex = (client: DynamoDBClient, table: string): ApplicationIndex => ({
  awaiting: (renderKey) =>
    pages((ExclusiveStartKey) =>
      client
        .send(
          new QueryCommand({
            TableName: table,
            IndexName: 'awaiting',
            KeyConditionExpression: 'awaiting = :key',
            ExpressionAttributeValues: { ':key': { S: renderKey } },
            ExclusiveStartKey,
          }),
        )
        .catch(translateDynamoError(table)),
    ),
  ...createDynamoRowIndex(client, table, { consistent: false }),
});

/** The key scan of a table; `consistent`: everything that was written before it began is in it. */
export const createDynamoRowIndex = (
  client: DynamoDBClient,
  table: string,
  { consistent }: { consistent: boolean },
): RowIndex => ({
  all: () =>
    pages((ExclusiveStartKey) =>
      client
        .send(
          new ScanCommand({
            TableName: table,
            ProjectionExpression: 'id',
            ConsistentRead: consistent,
            ExclusiveStartKey,
          }),
        )
        .catch(translateDynamoError(table)),
    ),
});

async function* pages(read: (start: Key) => Promise<Page>): AsyncGenerator<string[]> {
  let start: Key;
  do {
    const page = await read(start);
    const ids = (page.Items ?? []).flatMap((item) => item.id?.S ?? []);
    if (ids.length > 0) yield ids;
    start = page.LastEvaluatedKey;
  } while (start);
}
