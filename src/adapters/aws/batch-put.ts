import { setTimeout as pause } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { transient } from '../../domain/errors.ts';
import { translateDynamoError } from './dynamodb-errors.ts';
import { gatherCalls } from './gather-calls.ts';

type Item = Record<string, AttributeValue>;

const BATCH_WRITE_LIMIT = 25;
const ATTEMPTS = 8;
const FIRST_WAIT_MS = 25;

/**
 * Puts items into one table whatever stands there: those of one turn of the event loop go together, 25 a request, the last
 * one of a key (`keyOf`) alone. Errors: AppError `store-throttled` (transient) where DynamoDB leaves some unwritten eight
 * times, waiting twice as long each time; those of `translateDynamoError`.
 */
export const createBatchPut = (
  client: DynamoDBClient,
  table: string,
  keyOf: (item: Item) => string,
): ((item: Item) => Promise<void>) =>
  gatherCalls(BATCH_WRITE_LIMIT, async (asked: Item[]) => {
    const items = [...new Map(asked.map((item) => [keyOf(item), item])).values()];
    await putAll(client, table, items).catch(translateDynamoError(table));
    return asked.map(() => undefined);
  });

const putAll = async (client: DynamoDBClient, table: string, items: readonly Item[]): Promise<void> => {
  const [only] = items;
  if (only && items.length === 1) {
    await client.send(new PutItemCommand({ TableName: table, Item: only }));
    return;
  }
  let unwritten = items.map((Item) => ({ PutRequest: { Item } }));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: unwritten } }));
    unwritten = (answer.UnprocessedItems?.[table] ?? []).flatMap(({ PutRequest }) =>
      PutRequest?.Item ? [{ PutRequest: { Item: PutRequest.Item } }] : [],
    );
    if (unwritten.length === 0) return;
    await pause(FIRST_WAIT_MS * 2 ** attempt);
  }
  throw transient('store-throttled', `DynamoDB left items of table ${table} unwritten`, {
    details: { table, unwritten: unwritten.length },
  });
};
