import { randomUUID } from 'node:crypto';
import type { SQSClient } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSqsDeadLetters } from '../../src/adapters/aws/sqs-dead-letters.ts';
import { createRetryIn, createSqsHandler } from '../../src/adapters/aws/sqs-handler.ts';
import { createSqsSend } from '../../src/adapters/aws/sqs-queues.ts';
import { transient } from '../../src/domain/errors.ts';
import { startEventSource } from '../../src/local/aws/event-source.ts';
import { createQueues, type QueueName } from '../../src/local/aws/queues.ts';
import { createMemoryLog } from '../fakes/memory-ports.ts';

const Message = v.object({ n: v.number() });
type Message = v.InferOutput<typeof Message>;

/** What SQS has to do for a message: sent, delayed, received, retried, given up. `open` is called once the tests run. */
export const describeQueues = (name: string, open: () => SQSClient): void => {
  describe(`Queues: ${name}`, () => {
    let client: SQSClient;
    beforeAll(() => {
      client = open();
    });
    afterAll(() => client?.destroy());

    const sources: { close(): Promise<void> }[] = [];
    afterEach(async () => {
      await Promise.all(sources.splice(0).map((source) => source.close()));
    });

    const setUp = async () => {
      const prefix = `contract-${randomUUID()}-`;
      return { prefix, urls: await createQueues(client, prefix) };
    };
    const send = (queueUrl: string) => createSqsSend<Message>(client, queueUrl);
    /** Consumes a queue as the local stack does; answers with what its handler was given, and what it logged. */
    const consume = (queueUrl: string, handle: (message: Message) => Promise<void> = () => Promise.resolve()) => {
      const seen: { n: number; at: number }[] = [];
      const log = createMemoryLog();
      const handler = createSqsHandler({ log, retryIn: createRetryIn(client, queueUrl) }, Message, (message) => {
        seen.push({ ...message, at: Date.now() });
        return handle(message);
      });
      sources.push(
        startEventSource({ client, queueUrl, handler, waitSeconds: 20, batchSize: 10, concurrency: 2, log }),
      );
      const receives = () =>
        log.lines.map(({ fields }) => v.parse(v.object({ receives: v.number() }), fields).receives);
      return { seen, receives };
    };
    const deadLetters = (urls: Record<QueueName, string>) => createSqsDeadLetters(client, urls);

    it('makes the queues that are missing, and leaves those that are there', async () => {
      const { prefix, urls } = await setUp();
      await send(urls.syncs)([{ n: 1 }]);
      expect(await createQueues(client, prefix)).toEqual(urls);
      const { seen } = consume(urls.syncs);
      await expect.poll(() => seen.map(({ n }) => n)).toEqual([1]);
    });

    it('delivers every message of many', async () => {
      const { urls } = await setUp();
      const numbers = Array.from({ length: 137 }, (_, n) => n);
      const { seen } = consume(urls.renders);
      await send(urls.renders)(numbers.map((n) => ({ n })));
      await expect.poll(() => new Set(seen.map(({ n }) => n)).size).toBe(numbers.length);
    });

    it('holds a delayed message back as long as was asked for', async () => {
      const { urls } = await setUp();
      const { seen } = consume(urls.syncs);
      const sentAt = Date.now();
      await send(urls.syncs)([{ n: 2 }], { delaySeconds: 2 });
      await expect.poll(() => seen.map(({ n }) => n)).toEqual([2]);
      // Emulators count in whole seconds of their own.
      expect((seen[0]?.at ?? 0) - sentAt).toBeGreaterThanOrEqual(1_000);
    });

    it('gives a message up after five receives, and holds up no other of its batch', async () => {
      const { urls } = await setUp();
      const poison = (): never => {
        throw transient('cluster-unreachable', 'not now', { retryAfterSeconds: 0 });
      };
      const { seen, receives } = consume(urls.reports, async ({ n }) => (n === 13 ? poison() : undefined));
      await send(urls.reports)([{ n: 12 }, { n: 13 }, { n: 14 }]);
      const dead = async () => (await deadLetters(urls).list()).map(({ queue, messages }) => [queue, messages]);
      await expect.poll(dead, { timeout: 60_000 }).toContainEqual(['reports', 1]);
      expect(receives()).toEqual([1, 2, 3, 4, 5]);
      expect(seen.map(({ n }) => n).toSorted()).toEqual([12, 13, 13, 13, 13, 13, 14]);
    });

    it('puts dead letters back', async () => {
      const { urls } = await setUp();
      await createSqsSend<Message>(client, `${urls.changes}-dead`)([{ n: 21 }, { n: 22 }]);
      await expect
        .poll(async () => (await deadLetters(urls).list()).find(({ queue }) => queue === 'changes'))
        .toMatchObject({ messages: 2 });
      expect(await deadLetters(urls).redrive('changes')).toBe(2);
      const { seen } = consume(urls.changes);
      await expect.poll(() => seen.map(({ n }) => n).toSorted()).toEqual([21, 22]);
      expect((await deadLetters(urls).list()).map(({ messages }) => messages)).toEqual([0, 0, 0, 0]);
    });
  });
};
