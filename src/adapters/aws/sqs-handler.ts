import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as v from 'valibot';
import { AppError } from '../../domain/errors.ts';
import type { Correlation } from '../../ports/correlation.ts';
import type { Log } from '../../ports/log.ts';

export interface SqsHandlerDeps {
  log: Log;
  /** Makes a failed message visible again after so many seconds, instead of after the queue's long time-out. */
  retryIn: (record: SQSRecord, seconds: number) => Promise<void>;
  /** Under which what a message sets in motion is done; absent: under none. */
  correlation?: Correlation;
}

const FIRST_RETRY_SECONDS = 5;
const LAST_RETRY_SECONDS = 300;

/**
 * A Lambda handler for one queue: every record is parsed and handled by itself, and only those that failed are
 * reported back (partial batch response), so one poison message never repeats its neighbours' work. What fails is
 * tried again with growing pauses until the queue's maxReceiveCount sends it to the dead-letter queue.
 */
export const createSqsHandler =
  <Schema extends v.GenericSchema>(
    deps: SqsHandlerDeps,
    schema: Schema,
    handle: (message: v.InferOutput<Schema>) => Promise<void>,
  ) =>
  async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const once = handleOnce(schema, handle);
    const { run } = deps.correlation ?? UNCORRELATED;
    const outcomes = await Promise.all(
      event.Records.map((record) => run(correlationOf(record.body), () => handleRecord(deps, once, record))),
    );
    return { batchItemFailures: outcomes.flatMap((failed) => (failed ? [{ itemIdentifier: failed }] : [])) };
  };

const UNCORRELATED: Pick<Correlation, 'run'> = { run: (_id, work) => work() };

/** A message says by which id it was sent; one of a webhook, its delivery's. */
const correlationOf = (body: string): string | undefined => {
  const { correlation, delivery } = fieldsOf(body);
  return [correlation, delivery].find((id) => typeof id === 'string');
};

/** Messages are pointers: equal ones of one batch are one piece of work, which succeeds or fails for each of them. */
const handleOnce = <Schema extends v.GenericSchema>(
  schema: Schema,
  handle: (message: v.InferOutput<Schema>) => Promise<void>,
): ((body: string) => Promise<void>) => {
  const handled = new Map<string, Promise<void>>();
  const parseAndHandle = async (body: string): Promise<void> => handle(v.parse(schema, JSON.parse(body)));
  return (body) => {
    const answer = handled.get(body) ?? parseAndHandle(body);
    handled.set(body, answer);
    return answer;
  };
};

const handleRecord = async (
  { log, retryIn }: SqsHandlerDeps,
  handle: (body: string) => Promise<void>,
  record: SQSRecord,
): Promise<string | undefined> => {
  try {
    await handle(record.body);
    return undefined;
  } catch (error) {
    const receives = Number(record.attributes.ApproximateReceiveCount);
    const about = { messageId: record.messageId, receives, ...pointersOf(record.body) };
    log.error('message failed', { ...about, ...describeError(error) });
    await retryIn(record, retrySeconds(error, receives)).catch(() => undefined);
    return record.messageId;
  }
};

const POINTERS = ['delivery', 'repository', 'ref', 'application', 'rollout', 'preview', 'renderKeys'] as const;

/** What a message points at, as log fields: by them its lines are found with those of the push that it belongs to. */
const pointersOf = (body: string): Record<string, unknown> => {
  const fields = new Map(Object.entries(fieldsOf(body)));
  return Object.fromEntries(POINTERS.flatMap((name) => (fields.has(name) ? [[name, fields.get(name)]] : [])));
};

const fieldsOf = (body: string): Record<string, unknown> => {
  try {
    const message: unknown = JSON.parse(body);
    return typeof message === 'object' && message !== null ? { ...message } : {};
  } catch {
    return {};
  }
};

/** Seconds until the next try: what the other side asked for, else 5 s doubled per receive, 300 s at most. */
export const retrySeconds = (error: unknown, receives: number): number => {
  const asked = error instanceof AppError ? error.retryAfterSeconds : undefined;
  const backoff = FIRST_RETRY_SECONDS * 2 ** Math.max(0, receives - 1);
  return Math.min(LAST_RETRY_SECONDS, Math.ceil(asked ?? backoff));
};

/** Loggable facts of an error: code, kind, message and details; the stack only of what is not an AppError. */
export const describeError = (error: unknown): Record<string, unknown> => {
  if (error instanceof AppError) {
    return { code: error.code, kind: error.kind, reason: error.message, details: error.details };
  }
  if (v.isValiError(error)) return { code: 'message-invalid', reason: error.issues[0].message };
  return { code: 'defect', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) };
};

/** Retries through ChangeMessageVisibility on the record's own queue. */
export const createRetryIn =
  (client: SQSClient, queueUrl: string): SqsHandlerDeps['retryIn'] =>
  async (record, seconds) => {
    await client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: record.receiptHandle,
        VisibilityTimeout: seconds,
      }),
    );
  };
