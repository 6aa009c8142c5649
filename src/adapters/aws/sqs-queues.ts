import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { transient } from '../../domain/errors.ts';
import type { Send } from '../../ports/queues.ts';

const BATCH_LIMIT = 10;
const BATCHES_IN_FLIGHT = 8;

/** Sends JSON messages to one SQS queue, ten a request. Errors: AppError `queue-unreachable` (transient). */
export const createSqsSend =
  <Message>(client: SQSClient, queueUrl: string): Send<Message> =>
  async (messages, options = {}) => {
    const bodies = messages.map((message) => JSON.stringify(message));
    const DelaySeconds = options.delaySeconds;
    try {
      if (bodies.length === 1) {
        await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: bodies[0], DelaySeconds }));
        return;
      }
      for (let start = 0; start < bodies.length; start += BATCH_LIMIT * BATCHES_IN_FLIGHT) {
        const window = bodies.slice(start, start + BATCH_LIMIT * BATCHES_IN_FLIGHT);
        await Promise.all(batches(window).map((batch) => sendBatch(client, queueUrl, batch, DelaySeconds)));
      }
    } catch (error) {
      throw transient('queue-unreachable', `cannot send to ${queueName(queueUrl)}`, { cause: error });
    }
  };

const sendBatch = async (client: SQSClient, QueueUrl: string, bodies: string[], DelaySeconds?: number) => {
  const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody, DelaySeconds }));
  const answer = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const failed = answer.Failed ?? [];
  if (failed.length > 0) {
    throw transient('queue-refused', `${queueName(QueueUrl)} refused ${failed.length} of ${bodies.length} messages`, {
      details: { code: failed[0]?.Code },
    });
  }
};

const queueName = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

const batches = (bodies: string[]): string[][] =>
  Array.from({ length: Math.ceil(bodies.length / BATCH_LIMIT) }, (_, i) =>
    bodies.slice(i * BATCH_LIMIT, (i + 1) * BATCH_LIMIT),
  );
