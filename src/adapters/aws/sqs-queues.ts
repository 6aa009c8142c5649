import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { AppError, transient } from '../../domain/errors.ts';
import type { Correlation } from '../../ports/correlation.ts';
import type { Send } from '../../ports/queues.ts';
import { gatherCalls } from './gather-calls.ts';

const BATCH_LIMIT = 10;
/** Eight batches in flight. */
const GATHER_LIMIT = 80;

/**
 * Sends JSON messages to one SQS queue, ten a request; what is sent within one turn of the event loop goes together, equal
 * messages once. Each carries the id under which it is sent, beside what its schema names. Errors: AppError `queue-unreachable`, `queue-refused` (transient).
 */
export const createSqsSend = <Message extends object>(
  client: SQSClient,
  queueUrl: string,
  { current }: Pick<Correlation, 'current'> = { current: () => undefined },
): Send<Message> => {
  const send = gatherCalls(GATHER_LIMIT, async (asked: string[]) => {
    await sendAll(client, queueUrl, [...new Set(asked)]);
    return asked;
  });
  return async (messages, { delaySeconds } = {}) => {
    const correlation = current();
    const entries = messages.map((message) => entryOf(JSON.stringify({ ...message, correlation }), delaySeconds));
    for (let start = 0; start < entries.length; start += GATHER_LIMIT) {
      await Promise.all(entries.slice(start, start + GATHER_LIMIT).map(send));
    }
  };
};

/** Message and delay as one text, so that equal ones can be told. */
const entryOf = (body: string, delaySeconds: number | undefined): string => `${delaySeconds ?? ''}\n${body}`;

const parseEntry = (entry: string): { MessageBody: string; DelaySeconds?: number } => {
  const end = entry.indexOf('\n');
  const MessageBody = entry.slice(end + 1);
  return end === 0 ? { MessageBody } : { MessageBody, DelaySeconds: Number(entry.slice(0, end)) };
};

const sendAll = async (client: SQSClient, queueUrl: string, entries: string[]): Promise<void> => {
  const [only] = entries;
  try {
    if (only !== undefined && entries.length === 1) {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, ...parseEntry(only) }));
      return;
    }
    await Promise.all(batches(entries).map((batch) => sendBatch(client, queueUrl, batch)));
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw transient('queue-unreachable', `cannot send to ${queueName(queueUrl)}`, { cause: error });
  }
};

const sendBatch = async (client: SQSClient, QueueUrl: string, entries: string[]): Promise<void> => {
  const Entries = entries.map((entry, index) => ({ Id: String(index), ...parseEntry(entry) }));
  const answer = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const failed = answer.Failed ?? [];
  if (failed.length > 0) {
    throw transient('queue-refused', `${queueName(QueueUrl)} refused ${failed.length} of ${entries.length} messages`, {
      details: { code: failed[0]?.Code },
    });
  }
};

const queueName = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

const batches = (bodies: string[]): string[][] =>
  Array.from({ length: Math.ceil(bodies.length / BATCH_LIMIT) }, (_, i) =>
    bodies.slice(i * BATCH_LIMIT, (i + 1) * BATCH_LIMIT),
  );
