import { type DynamoDBClient, QueryCommand, type QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { newestOutcomes, type Outcome } from '../../domain/rollout.ts';
import type { Outcomes } from '../../ports/outcomes.ts';
import { createBatchPut } from './batch-put.ts';
import { translateDynamoError } from './dynamodb-errors.ts';

/** Shards of a rollout's key: 10,000 outcomes of one rollout spread over this many partitions. */
const SHARDS = 4;
const RETENTION_SECONDS = 90 * 86_400;

/**
 * Outcomes in a table with key (`rolloutShard`, `application`). Each is an item of its own (`application` holds its
 * sequence, too) that nobody changes, so that writing one needs no condition and many go in one request; which one counts is
 * decided when they are read.
 */
export const createDynamoOutcomes = (client: DynamoDBClient, table: string): Outcomes => {
  const put = createBatchPut(client, table, ({ rolloutShard, application }) => `${rolloutShard?.S} ${application?.S}`);
  return {
    record: (outcome) =>
      put({
        rolloutShard: { S: `${outcome.rollout}#${shardOf(outcome.application)}` },
        application: { S: `${outcome.application}#${outcome.sequence}` },
        body: { S: JSON.stringify(outcome) },
        expiresAt: { N: String(Math.floor(newest(outcome) / 1_000) + RETENTION_SECONDS) },
      }),
    list: async (rollout) => {
      const shards = Array.from({ length: SHARDS }, (_, shard) => listShard(client, table, `${rollout}#${shard}`));
      return newestOutcomes((await Promise.all(shards)).flat());
    },
  };
};

const newest = (outcome: Outcome): number => Math.max(0, ...Object.values(outcome.times));

const shardOf = (application: string): number => {
  let hash = 7;
  for (let i = 0; i < application.length; i++) hash = (hash * 33 + application.charCodeAt(i)) >>> 0;
  return hash % SHARDS;
};

const listShard = async (client: DynamoDBClient, table: string, key: string): Promise<Outcome[]> => {
  const found: Outcome[] = [];
  let start: QueryCommandOutput['LastEvaluatedKey'];
  do {
    const page: QueryCommandOutput = await client
      .send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'rolloutShard = :key',
          ExpressionAttributeValues: { ':key': { S: key } },
          ConsistentRead: true,
          ExclusiveStartKey: start,
        }),
      )
      .catch(translateDynamoError(table));
    found.push(...(page.Items ?? []).map((item) => JSON.parse(item.body?.S ?? '{}') as Outcome));
    start = page.LastEvaluatedKey;
  } while (start);
  return found;
};
