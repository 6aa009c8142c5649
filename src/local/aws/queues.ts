import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type QueueAttributeName,
  QueueDoesNotExist,
  type SQSClient,
} from '@aws-sdk/client-sqs';

export const QUEUES = ['changes', 'renders', 'syncs', 'reports'] as const;
export type QueueName = (typeof QUEUES)[number];

const MAX_RECEIVES = '5';
const VISIBILITY_SECONDS = '720';

type Attributes = Partial<Record<QueueAttributeName, string>>;

/**
 * Makes the queues that are missing, each by its name after `prefix` and with a queue of its own for dead letters, as
 * infra/queues.yml has them. Answers with their URLs.
 */
export const createQueues = async (client: SQSClient, prefix: string): Promise<Record<QueueName, string>> => {
  const create = (name: QueueName): Promise<string> => createWithDead(client, `${prefix}${name}`);
  const [changes, renders, syncs, reports] = await Promise.all([
    create('changes'),
    create('renders'),
    create('syncs'),
    create('reports'),
  ]);
  return { changes, renders, syncs, reports };
};

const createWithDead = async (client: SQSClient, name: string): Promise<string> => {
  const QueueUrl = await findOrCreate(client, `${name}-dead`, {});
  const dead = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const redrive = { deadLetterTargetArn: dead.Attributes?.QueueArn, maxReceiveCount: MAX_RECEIVES };
  return findOrCreate(client, name, {
    VisibilityTimeout: VISIBILITY_SECONDS,
    RedrivePolicy: JSON.stringify(redrive),
  });
};

/** One that is there stays as it is: SQS refuses to make it again with other attributes. */
const findOrCreate = async (client: SQSClient, QueueName: string, Attributes: Attributes): Promise<string> => {
  try {
    return (await client.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl ?? '';
  } catch (error) {
    if (!(error instanceof QueueDoesNotExist)) throw error;
    return (await client.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';
  }
};
