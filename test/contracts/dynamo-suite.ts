import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoApplicationIndex } from '../../src/adapters/aws/dynamodb-application-index.ts';
import { createDynamoOutcomes } from '../../src/adapters/aws/dynamodb-outcomes.ts';
import { createDynamoResults, createDynamoStore } from '../../src/adapters/aws/dynamodb-store.ts';
import { createTables } from '../../src/local/aws/tables.ts';
import { describeOutcomes } from './outcomes-suite.ts';
import { describeResults, describeStore, type Sample } from './store-suite.ts';

/** What a DynamoDB has to do for the stores on it; `open` is called once the tests run. */
export const describeDynamo = (name: string, open: () => DynamoDBClient): void => {
  describe(`DynamoDB: ${name}`, () => {
    // A server that keeps its tables may have those of an earlier run.
    const prefix = `contract-${Date.now()}-`;
    let client: DynamoDBClient;
    beforeAll(async () => {
      client = open();
      await createTables(client, prefix);
    });
    afterAll(() => client?.destroy());

    it('keeps the tables that are there', async () => {
      await createDynamoStore<Sample>({ client, table: `${prefix}refs` }).save({ id: 'kept', version: 0, text: '' });
      await createTables(client, prefix);
      expect(await createDynamoStore<Sample>({ client, table: `${prefix}refs` }).get('kept')).toBeDefined();
    });

    describeStore(name, () => createDynamoStore<Sample>({ client, table: `${prefix}fleets` }));
    describeResults(name, () => createDynamoResults<Sample>({ client, table: `${prefix}renders` }));
    describeOutcomes(name, () => createDynamoOutcomes(client, `${prefix}outcomes`));

    it('finds a waiting row by its render key, and no longer when it waits no more', async () => {
      const table = `${prefix}applications`;
      const store = createDynamoStore<Sample & { awaiting?: string }>({
        client,
        table,
        indexed: ({ awaiting }) => ({ awaiting }),
      });
      const index = createDynamoApplicationIndex(client, table);
      const waiting = await store.save({ id: 'argocd/web', version: 0, text: '', awaiting: 'key-1' });
      await store.save({ id: 'argocd/api', version: 0, text: '', awaiting: 'key-2' });
      expect(await Array.fromAsync(index.awaiting('key-1'))).toEqual([['argocd/web']]);
      await store.save({ id: 'argocd/web', version: waiting?.version ?? 0, text: '' });
      expect(await Array.fromAsync(index.awaiting('key-1'))).toEqual([]);
      expect((await Array.fromAsync(index.all())).flat().toSorted()).toEqual(['argocd/api', 'argocd/web']);
    });
  });
};
