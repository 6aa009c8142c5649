import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type AttributeValue,
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { permanent } from '../../domain/errors.ts';
import type { Results, Row, Store } from '../../ports/store.ts';
import { createBatchPut } from './batch-put.ts';
import { conditionFailed, translateDynamoError } from './dynamodb-errors.ts';
import { gatherCalls } from './gather-calls.ts';

/** Shards of the due index: `schedule` asks each in turn, so no partition takes every outstanding row's write. */
export const DUE_SHARDS = 4;

const COMPRESS_ABOVE_BYTES = 4_096;
const ITEM_LIMIT_BYTES = 390_000;
const BATCH_GET_LIMIT = 100;

type Item = Record<string, AttributeValue>;

export interface DynamoStoreOptions<R extends Row> {
  client: DynamoDBClient;
  table: string;
  /** Extra top-level attributes for the table's own sparse indexes. */
  indexed?: (row: R) => Record<string, string | undefined>;
  /** Seconds since the epoch after which DynamoDB may delete the row. */
  expiresAt?: (row: R) => number | undefined;
}

/** A `Store` over one DynamoDB table with key `id` and the sparse index `due` (`dueShard`, `due`). */
export const createDynamoStore = <R extends Row>(options: DynamoStoreOptions<R>): Store<R> => {
  const { client, table } = options;
  const send = <Output>(call: Promise<Output>): Promise<Output> => call.catch(translateDynamoError(table));
  // Each asker decodes the item for itself: nobody's row is another's.
  const read = gatherCalls(BATCH_GET_LIMIT, (ids: string[]) => send(readItems(client, table, ids)));
  const get = async (id: string): Promise<R | undefined> => {
    const item = await read(id);
    return item && decode<R>(item);
  };
  return {
    get,
    getMany: async (ids) => {
      const rows = await Promise.all([...new Set(ids)].map(get));
      return rows.filter((row) => row !== undefined);
    },
    save: (row) => saveRow(options, row),
    remove: (row) => removeRow(options, row),
    due: async (now, limit) => {
      const shards = Array.from({ length: DUE_SHARDS }, (_, shard) =>
        send(dueInShard(client, table, shard, now, limit)),
      );
      const found = (await Promise.all(shards)).flat();
      return found
        .sort((a, b) => a.due - b.due)
        .slice(0, limit)
        .map(({ id }) => id);
    },
  };
};

/** The same for results, with a `put` that needs no condition; many go in one request. */
export const createDynamoResults = <R extends Row>(options: DynamoStoreOptions<R>): Results<R> => {
  const put = createBatchPut(options.client, options.table, ({ id }) => id?.S ?? '');
  return { ...createDynamoStore(options), put: (row) => put(encode({ ...row, version: row.version + 1 }, options)) };
};

const saveRow = async <R extends Row>(options: DynamoStoreOptions<R>, row: R): Promise<R | undefined> => {
  const next = { ...row, version: row.version + 1 };
  const command = new PutItemCommand({
    TableName: options.table,
    Item: encode(next, options),
    ...unchanged(row.version),
  });
  try {
    await options.client.send(command);
    return next;
  } catch (error) {
    return conditionFailed(error) ? undefined : translateDynamoError(options.table)(error);
  }
};

const removeRow = async <R extends Row>(
  { client, table }: DynamoStoreOptions<R>,
  { id, version }: Pick<R, 'id' | 'version'>,
): Promise<boolean> => {
  try {
    await client.send(new DeleteItemCommand({ TableName: table, Key: { id: { S: id } }, ...unchanged(version) }));
    return true;
  } catch (error) {
    return conditionFailed(error) ? false : translateDynamoError(table)(error);
  }
};

const unchanged = (version: number) =>
  version === 0
    ? { ConditionExpression: 'attribute_not_exists(id)' }
    : { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': { N: String(version) } } };

const encode = <R extends Row>(row: R, options: DynamoStoreOptions<R>): Item => {
  const json = Buffer.from(JSON.stringify(row));
  const body = json.byteLength > COMPRESS_ABOVE_BYTES ? { B: gzipSync(json, { level: 1 }) } : { S: json.toString() };
  if ((body.B?.byteLength ?? 0) > ITEM_LIMIT_BYTES) {
    throw permanent('row-too-large', `${options.table}: row ${row.id} is over DynamoDB's 400 KB`, {
      details: { table: options.table, id: row.id, bytes: body.B?.byteLength },
    });
  }
  const item: Item = { id: { S: row.id }, version: { N: String(row.version) }, body };
  if (row.due !== undefined) {
    item.due = { N: String(row.due) };
    item.dueShard = { S: String(shardOf(row.id)) };
  }
  const expiresAt = options.expiresAt?.(row);
  if (expiresAt !== undefined) item.expiresAt = { N: String(expiresAt) };
  for (const [name, value] of Object.entries(options.indexed?.(row) ?? {})) {
    if (value !== undefined) item[name] = { S: value };
  }
  return item;
};

/** Reads an item that `encode` wrote; the version attribute wins over the body's. */
export const decode = <R extends Row>(item: Item): R => {
  const json = item.body?.B ? gunzipSync(item.body.B).toString() : (item.body?.S ?? '{}');
  return { ...(JSON.parse(json) as R), version: Number(item.version?.N ?? 0) };
};

/** A row's shard of the due index, spread by its id. */
export const shardOf = (id: string): number => {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (hash * 31 + id.charCodeAt(i)) >>> 0;
  return hash % DUE_SHARDS;
};

/** The items of some ids, in their order; an id may come more than once. */
const readItems = async (client: DynamoDBClient, table: string, ids: string[]): Promise<(Item | undefined)[]> => {
  const found = new Map<string | undefined, Item>();
  let keys: Item[] = [...new Set(ids)].map((id) => ({ id: { S: id } }));
  const [only] = keys;
  if (only && keys.length === 1) {
    const answer = await client.send(new GetItemCommand({ TableName: table, Key: only, ConsistentRead: true }));
    return ids.map(() => answer.Item);
  }
  while (keys.length > 0) {
    const answer = await client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
    );
    for (const item of answer.Responses?.[table] ?? []) found.set(item.id?.S, item);
    keys = answer.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return ids.map((id) => found.get(id));
};

const dueInShard = async (client: DynamoDBClient, table: string, shard: number, now: number, limit: number) => {
  const answer = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: 'due',
      KeyConditionExpression: 'dueShard = :shard AND due <= :now',
      ExpressionAttributeValues: { ':shard': { S: String(shard) }, ':now': { N: String(now) } },
      Limit: limit,
    }),
  );
  return (answer.Items ?? []).map((item) => ({ id: item.id?.S ?? '', due: Number(item.due?.N ?? 0) }));
};
