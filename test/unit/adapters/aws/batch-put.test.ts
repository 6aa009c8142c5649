import type { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createBatchPut } from '../../../../src/adapters/aws/batch-put.ts';

describe('items that DynamoDB leaves unwritten', () => {
  const putting = (leaveOut: (batch: number) => number) => {
    const sent: number[] = [];
    const send = (command: BatchWriteItemCommand) => {
      const [first] = Object.entries(command.input.RequestItems ?? {});
      const [table, asked] = first ?? ['', []];
      sent.push(asked.length);
      return Promise.resolve({ UnprocessedItems: { [table]: asked.slice(0, leaveOut(sent.length)) } });
    };
    const put = createBatchPut({ send } as unknown as DynamoDBClient, 'results', ({ id }) => id?.S ?? '');
    return { sent, all: () => Promise.all(['a', 'b', 'c'].map((id) => put({ id: { S: id } }))) };
  };

  it('are written again', async () => {
    const { sent, all } = putting((batch) => (batch === 1 ? 2 : 0));
    await all();
    expect(sent).toEqual([3, 2]);
  });

  it('again and again are an error that is transient', async () => {
    const { all } = putting(() => 1);
    await expect(all()).rejects.toMatchObject({ code: 'store-throttled', kind: 'transient' });
  });
});
