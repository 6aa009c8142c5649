import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { AppError, permanent, transient } from '../../domain/errors.ts';
import { type DeadLetters, QUEUE_NAMES, type QueueName } from '../../ports/dead-letters.ts';

/** URLs of the queues; a queue's dead letters are in the one of its name with `-dead` (infra/queues.yml). */
export type QueueUrls = Readonly<Partial<Record<QueueName, string>>>;

const COUNTS = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
const BATCH = 10;
/** Rounds of one redrive: within the 29 s that the API has. */
const MAX_ROUNDS = 50;
/** Long enough to send and delete what was received; what is not deleted comes back. */
const HELD_SECONDS = 60;
/** Longest text of a message in a sample. */
const SAMPLE_LENGTH = 2_000;

/** Dead-letter queues of SQS. */
export const createSqsDeadLetters = (client: SQSClient, urls: QueueUrls): DeadLetters => ({
  list: () => Promise.all(QUEUE_NAMES.map((queue) => reachable(queue, () => look(client, urls, queue)))),
  redrive: (queue) => reachable(queue, () => moveAll(client, urlOf(urls, queue))),
});

const urlOf = (urls: QueueUrls, queue: QueueName): string => {
  const url = urls[queue];
  if (url === undefined) throw permanent('config-invalid', `TOWLINE_QUEUE_${queue.toUpperCase()} is not set`);
  return url;
};

const deadUrlOf = (url: string): string => `${url}-dead`;

const look = async (client: SQSClient, urls: QueueUrls, queue: QueueName) => {
  const QueueUrl = deadUrlOf(urlOf(urls, queue));
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...COUNTS] }));
  // What somebody else looks at right now is dead, too.
  const messages = COUNTS.reduce((sum, name) => sum + Number(Attributes?.[name] ?? 0), 0);
  // Visible again at once: looking takes nothing away.
  const seen = messages === 0 ? [] : await receive(client, QueueUrl, 0);
  return { queue, messages, sample: seen.map(({ Body = '' }) => Body.slice(0, SAMPLE_LENGTH)) };
};

const receive = async (client: SQSClient, QueueUrl: string, VisibilityTimeout: number): Promise<Message[]> => {
  const options = { MaxNumberOfMessages: BATCH, VisibilityTimeout, WaitTimeSeconds: 1 };
  return (await client.send(new ReceiveMessageCommand({ QueueUrl, ...options }))).Messages ?? [];
};

const moveAll = async (client: SQSClient, url: string): Promise<number> => {
  let moved = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const messages = await receive(client, deadUrlOf(url), HELD_SECONDS);
    if (messages.length === 0) return moved;
    await move(client, url, messages);
    moved += messages.length;
  }
  return moved;
};

/** Sent first, deleted then: a crash in between repeats a message, which handlers stand, and loses none. */
const move = async (client: SQSClient, url: string, messages: Message[]): Promise<void> => {
  const Entries = messages.map(({ Body }, index) => ({ Id: String(index), MessageBody: Body }));
  const sent = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
  const refused = sent.Failed ?? [];
  const kept = new Set(refused.map(({ Id }) => Id));
  const handles = messages.flatMap(({ ReceiptHandle }, index) => {
    const Id = String(index);
    return kept.has(Id) ? [] : [{ Id, ReceiptHandle }];
  });
  if (handles.length > 0) {
    await client.send(new DeleteMessageBatchCommand({ QueueUrl: deadUrlOf(url), Entries: handles }));
  }
  if (refused.length === 0) return;
  throw transient('queue-refused', `SQS refused ${refused.length} messages, which stay dead: try again`, {
    details: { code: refused[0]?.Code },
  });
};

const reachable = async <Answer>(queue: QueueName, ask: () => Promise<Answer>): Promise<Answer> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw transient('queue-unreachable', `cannot reach the dead letters of ${queue}`, { cause: error });
  }
};
