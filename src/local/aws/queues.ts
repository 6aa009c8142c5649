import { startFauxqs } from 'fauxqs';

export const QUEUES = ['changes', 'renders', 'syncs', 'reports'] as const;
export type QueueName = (typeof QUEUES)[number];

const MAX_RECEIVES = '5';
const VISIBILITY_SECONDS = '720';

type Fauxqs = Awaited<ReturnType<typeof startFauxqs>>;

/** SQS and S3, in memory, on a loopback port of their own, with every queue and the bucket made. */
export const startQueuesAndBlobs = async (): Promise<{ environment: Record<string, string> }> => {
  const fauxqs = await startFauxqs({ port: 0, logger: false });
  const endpoint = `http://127.0.0.1:${fauxqs.port}`;
  fauxqs.createBucket('towline');
  return {
    environment: {
      AWS_ENDPOINT_URL_SQS: endpoint,
      AWS_ENDPOINT_URL_S3: endpoint,
      ...Object.fromEntries(QUEUES.map((name) => [`TOWLINE_QUEUE_${name.toUpperCase()}`, createQueue(fauxqs, name)])),
    },
  };
};

const createQueue = (fauxqs: Fauxqs, name: QueueName): string => {
  const dead = fauxqs.createQueue(`towline-${name}-dead`);
  const { queueUrl } = fauxqs.createQueue(`towline-${name}`, {
    attributes: {
      VisibilityTimeout: VISIBILITY_SECONDS,
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount: MAX_RECEIVES }),
    },
  });
  return queueUrl;
};
