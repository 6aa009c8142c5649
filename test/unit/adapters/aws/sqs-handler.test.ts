import type { SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createSqsHandler, retrySeconds } from '../../../../src/adapters/aws/sqs-handler.ts';
import { permanent, transient } from '../../../../src/domain/errors.ts';
import { ReportMessageSchema } from '../../../../src/messages/report.ts';
import { createMemoryLog } from '../../../fakes/memory-ports.ts';

const record = (messageId: string, body: string, receives = 1) =>
  ({ messageId, body, attributes: { ApproximateReceiveCount: String(receives) } }) as SQSRecord;

const good = (rollout: string): string => JSON.stringify({ version: 1, rollout });

const handlerOf = (handle: (rollout: string) => Promise<void>) => {
  const log = createMemoryLog();
  const retries: [string, number][] = [];
  const deps = {
    log,
    retryIn: async ({ messageId }: SQSRecord, seconds: number) => void retries.push([messageId, seconds]),
  };
  return { log, retries, handler: createSqsHandler(deps, ReportMessageSchema, ({ rollout }) => handle(rollout)) };
};

describe('a queue’s handler', () => {
  it('reports only the records that failed, so that neighbours are not repeated', async () => {
    const { handler, retries } = handlerOf((rollout) =>
      rollout === 'bad' ? Promise.reject(transient('x', 'passing', { retryAfterSeconds: 42 })) : Promise.resolve(),
    );
    const answer = await handler({
      Records: [record('1', good('a')), record('2', good('bad')), record('3', good('b'))],
    });
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }] });
    expect(retries).toEqual([['2', 42]]);
  });

  it('handles equal messages of a batch once, and reports each where that failed', async () => {
    const handled: string[] = [];
    const { handler } = handlerOf((rollout) => {
      handled.push(rollout);
      return rollout === 'bad' ? Promise.reject(transient('x', 'passing')) : Promise.resolve();
    });
    const answer = await handler({
      Records: ['a', 'bad', 'a', 'bad'].map((rollout, index) => record(String(index), good(rollout))),
    });
    expect(handled).toEqual(['a', 'bad']);
    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(['1', '3']);
  });

  it('logs what a failed message points at, and nothing else of it', async () => {
    const { handler, log } = handlerOf(() => Promise.reject(transient('x', 'passing')));
    await handler({ Records: [record('1', '{"version":1,"rollout":"r","canary":"c"}')] });
    expect(log.lines).toMatchObject([{ message: 'message failed', fields: { rollout: 'r', code: 'x' } }]);
    expect(JSON.stringify(log.lines)).not.toContain('canary');
  });

  it.each([
    ['no JSON', '{'],
    ['another shape', '{"version":1}'],
    ['a newer version', '{"version":2,"rollout":"a"}'],
  ])('sends a message that it cannot read on its way to the dead-letter queue: %s', async (_name, body) => {
    let handled = 0;
    const { handler, log } = handlerOf(() => {
      handled += 1;
      return Promise.resolve();
    });
    expect(await handler({ Records: [record('1', body)] })).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
    expect(handled).toBe(0);
    expect(log.lines.map(({ level }) => level)).toEqual(['error']);
  });

  it('logs code and details of an error and not its cause, which may hold more than it should', async () => {
    const { handler, log } = handlerOf(() => Promise.reject(permanent('c', 'm', { cause: new Error('token=abc') })));
    await handler({ Records: [record('1', good('a'))] });
    expect(JSON.stringify(log.lines)).toContain('"code":"c"');
    expect(JSON.stringify(log.lines)).not.toContain('abc');
  });

  it.each([
    [1, 5],
    [2, 10],
    [4, 40],
    [20, 300],
  ])('pauses longer with each receive: %i → %i s', (receives, seconds) => {
    expect(retrySeconds(new Error('x'), receives)).toBe(seconds);
  });
});
