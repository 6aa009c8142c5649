import { type DynamoDBClient, PutItemCommand, QueryCommand, type QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { type Outcome, TERMINAL } from '../../domain/rollout.ts';
import type { Outcomes } from '../../ports/outcomes.ts';
import { conditionFailed, translateDynamoError } from './dynamodb-errors.ts';

/** Shards of a rollout's key: 10,000 outcomes of one rollout spread over this many partitions. */
const SHARDS = 4;
const RETENTION_SECONDS = 90 * 86_400;

/** Outcomes in a table with key (`rolloutShard`, `application`). */
export const createDynamoOutcomes = (client: DynamoDBClient, table: string): Outcomes => ({
  record: async (outcome) => {
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            rolloutShard: { S: `${outcome.rollout}#${shardOf(outcome.application)}` },
            application: { S: outcome.application },
            phase: { S: outcome.phase },
            seq: { N: String(outcome.sequence) },
            body: { S: JSON.stringify(outcome) },
            expiresAt: { N: String(Math.floor(newest(outcome) / 1_000) + RETENTION_SECONDS) },
          },
          ...conditionOf(outcome),
        }),
      );
    } catch (error) {
      // A newer outcome is there: this one came late and says nothing new.
      if (!conditionFailed(error)) translateDynamoError(table)(error);
    }
  },
  list: async (rollout) => {
    const shards = Array.from({ length: SHARDS }, (_, shard) => listShard(client, table, `${rollout}#${shard}`));
    return (await Promise.all(shards)).flat();
  },
});

/** An item without a phase was written by a version that did not store it apart. */
const conditionOf = ({ sequence, phase }: Outcome) => {
  const isNewer = 'attribute_not_exists(application) OR seq <= :seq';
  const seq = { ':seq': { N: String(sequence) } };
  if (phase !== 'superseded') return { ConditionExpression: isNewer, ExpressionAttributeValues: seq };
  const names = Object.fromEntries(TERMINAL.map((one) => [`:${one}`, { S: one }]));
  return {
    ConditionExpression: `(${isNewer}) AND (attribute_not_exists(phase) OR NOT phase IN (${Object.keys(names).join(', ')}))`,
    ExpressionAttributeValues: { ...seq, ...names },
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
