import type { SendMessageBatchCommandInput, SendMessageCommandInput, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { createSqsSend } from '../../../../src/adapters/aws/sqs-queues.ts';

type Sent = [body: string | undefined, delay: number | undefined][];

/** What a client is asked to send, a list for each request; `refuses` answers that the first message was not taken. */
const recorded = ({ refuses = false } = {}) => {
  const requests: Sent[] = [];
  const send = ({ input }: { input: SendMessageCommandInput | SendMessageBatchCommandInput }) => {
    const entries = 'Entries' in input ? (input.Entries ?? []) : [input];
    requests.push(entries.map((entry) => [(entry as SendMessageCommandInput).MessageBody, entry.DelaySeconds]) as Sent);
    return Promise.resolve(refuses ? { Failed: [{ Id: '0', Code: 'Throttled' }] } : {});
  };
  const client = { send } as unknown as SQSClient;
  return { requests, send: createSqsSend<{ n: number }>(client, 'http://sqs.local/1/syncs') };
};

describe('sending to SQS', () => {
  it('sends what is asked for at once in requests of ten, equal messages once, unless their delays differ', async () => {
    const { requests, send } = recorded();
    const many = Array.from({ length: 12 }, (_, n) => send([{ n }, { n: 1 }]));
    await Promise.all([...many, send([{ n: 1 }], { delaySeconds: 3 })]);
    expect(requests.map(({ length }) => length)).toEqual([10, 3]);
    expect(requests.flat()).toContainEqual(['{"n":1}', 3]);
    expect(requests.flat().filter(([body]) => body === '{"n":1}')).toHaveLength(2);
  });

  it('sends one alone without a batch', async () => {
    const { requests, send } = recorded();
    await send([{ n: 7 }], { delaySeconds: 2 });
    expect(requests).toEqual([[['{"n":7}', 2]]]);
  });

  it('tells every sender of a batch that the queue refused a message of it', async () => {
    const { send } = recorded({ refuses: true });
    const results = await Promise.allSettled([send([{ n: 1 }]), send([{ n: 2 }])]);
    for (const result of results)
      expect(result).toMatchObject({ reason: { code: 'queue-refused', kind: 'transient' } });
  });
});
