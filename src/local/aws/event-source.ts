import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Log } from '../../ports/log.ts';

export interface EventSourceOptions {
  client: SQSClient;
  queueUrl: string;
  handler: (event: SQSEvent) => Promise<SQSBatchResponse>;
  /** Messages a batch, as in the Lambda mapping (at most 10). */
  batchSize: number;
  /** How long a call waits for messages (at most 20). */
  waitSeconds: number;
  /** Batches handled at a time. */
  concurrency: number;
  log: Log;
}

const PAUSE_AFTER_ERROR_MS = 500;

/**
 * The contract of Lambda's SQS event source mapping: long poll, up to `batchSize` messages a call, messages that the
 * handler does not report as failed are deleted, failed ones come back when their visibility time-out ends, and the
 * queue's redrive policy counts the receives.
 */
export const startEventSource = (options: EventSourceOptions): { close(): Promise<void> } => {
  const stopped = new AbortController();
  const running = new Set<Promise<void>>();
  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      if (running.size >= options.concurrency) await Promise.race(running);
      const messages = await receive(options, stopped.signal);
      if (messages.length === 0) continue;
      const batch = handleBatch(options, messages).finally(() => running.delete(batch));
      running.add(batch);
    }
  };
  const ended = loop();
  return {
    close: async () => {
      stopped.abort();
      await ended;
      await Promise.allSettled(running);
    },
  };
};

const receive = async (options: EventSourceOptions, signal: AbortSignal): Promise<Message[]> => {
  try {
    const command = new ReceiveMessageCommand({
      QueueUrl: options.queueUrl,
      MaxNumberOfMessages: options.batchSize,
      WaitTimeSeconds: options.waitSeconds,
      MessageSystemAttributeNames: ['All'],
    });
    return (await options.client.send(command, { abortSignal: signal })).Messages ?? [];
  } catch (error) {
    if (signal.aborted) return [];
    options.log.warn('queue did not answer', { queue: options.queueUrl, reason: String(error) });
    await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_ERROR_MS));
    return [];
  }
};

const handleBatch = async (options: EventSourceOptions, messages: Message[]): Promise<void> => {
  const failed = await failedIds(options, messages);
  const done = messages.filter(({ MessageId }) => !failed.has(MessageId ?? ''));
  if (done.length === 0) return;
  const Entries = done.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  await options.client
    .send(new DeleteMessageBatchCommand({ QueueUrl: options.queueUrl, Entries }))
    .catch((error: unknown) => options.log.warn('messages not deleted', { reason: String(error) }));
};

const failedIds = async (options: EventSourceOptions, messages: Message[]): Promise<Set<string>> => {
  try {
    const response = await options.handler({ Records: messages.map((message) => toRecord(options.queueUrl, message)) });
    return new Set(response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  } catch (error) {
    options.log.error('function failed', { queue: options.queueUrl, reason: String(error) });
    return new Set(messages.map(({ MessageId }) => MessageId ?? ''));
  }
};

const toRecord = (queueUrl: string, message: Message): SQSRecord => ({
  messageId: message.MessageId ?? '',
  receiptHandle: message.ReceiptHandle ?? '',
  body: message.Body ?? '',
  attributes: {
    ApproximateReceiveCount: message.Attributes?.ApproximateReceiveCount ?? '1',
    SentTimestamp: message.Attributes?.SentTimestamp ?? '0',
    SenderId: message.Attributes?.SenderId ?? '',
    ApproximateFirstReceiveTimestamp: message.Attributes?.ApproximateFirstReceiveTimestamp ?? '0',
  },
  messageAttributes: {},
  md5OfBody: message.MD5OfBody ?? '',
  eventSource: 'aws:sqs',
  eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queueUrl.slice(queueUrl.lastIndexOf('/') + 1)}`,
  awsRegion: 'us-east-1',
});
