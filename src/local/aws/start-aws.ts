import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type AwsEndpoints, type Config, parseConfig } from '../../config.ts';
import { permanent } from '../../domain/errors.ts';
import { createBucket } from './bucket.ts';
import { SERVICES, type Service, startEmulators } from './emulators.ts';
import { createQueues, type QueueName } from './queues.ts';
import { createTables } from './tables.ts';

export interface LocalAws {
  /** What the AWS SDKs and src/config.ts read: endpoints, region, credentials, queue URLs. */
  environment: Record<string, string>;
  /** URLs of the queues. */
  queues: Record<QueueName, string>;
  /** How long a receiving call may wait for messages. */
  waitSeconds: number;
  close(): Promise<void>;
}

const LONG_POLL_SECONDS = 20;
/** A call whose caller was killed goes on in a server that outlives it, and takes messages that nobody sees for minutes. */
const OUTSIDE_POLL_SECONDS = 1;

type Endpoints = Record<Service, string>;

/**
 * The AWS of the local stack: an emulator for each service, but for those that `AWS_ENDPOINT_URL_DYNAMODB`, `_SQS` and
 * `_S3` name; there as here, what is missing of tables, queues and bucket is made.
 * Errors: AppError `aws-unreachable` (permanent) naming the variable and its value.
 */
export const startAws = async ({
  stateDir,
  environment,
}: {
  stateDir: string;
  environment: NodeJS.ProcessEnv;
}): Promise<LocalAws> => {
  const config = parseConfig(environment);
  const outside = config.awsEndpoints;
  const emulators = await startEmulators(
    stateDir,
    SERVICES.filter((service) => outside[service] === undefined),
  );
  const endpoint = (service: Service): string => outside[service] ?? emulators.endpoints[service] ?? '';
  const endpoints = { dynamodb: endpoint('dynamodb'), sqs: endpoint('sqs'), s3: endpoint('s3') };
  const credentials = credentialsOf(environment);
  try {
    const queues = await prepare(endpoints, outside, config, credentials);
    return {
      environment: { ...credentials, ...environmentOf(endpoints, queues) },
      queues,
      waitSeconds: outside.sqs === undefined ? LONG_POLL_SECONDS : OUTSIDE_POLL_SECONDS,
      close: emulators.close,
    };
  } catch (error) {
    await emulators.close();
    throw error;
  }
};

/** Throw-away ones where the user has none: emulators ask for some, and look at none. */
const credentialsOf = (environment: NodeJS.ProcessEnv) => ({
  AWS_REGION: environment.AWS_REGION ?? 'us-east-1',
  AWS_ACCESS_KEY_ID: environment.AWS_ACCESS_KEY_ID ?? 'local',
  AWS_SECRET_ACCESS_KEY: environment.AWS_SECRET_ACCESS_KEY ?? 'local',
});

const environmentOf = (endpoints: Endpoints, queues: Record<QueueName, string>): Record<string, string> => ({
  AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
  AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  AWS_ENDPOINT_URL_S3: endpoints.s3,
  ...Object.fromEntries(Object.entries(queues).map(([name, url]) => [`TOWLINE_QUEUE_${name.toUpperCase()}`, url])),
});

/** Makes what is missing; answers with the queues' URLs. */
const prepare = async (
  endpoints: Endpoints,
  outside: AwsEndpoints,
  { tablePrefix, bucket }: Config,
  keys: ReturnType<typeof credentialsOf>,
): Promise<Record<QueueName, string>> => {
  const clients = openClients(endpoints, keys);
  const named = <Done>(service: Service, work: Promise<Done>): Promise<Done> =>
    outside[service] === undefined ? work : work.catch(notPrepared(service, outside[service]));
  try {
    const [queues] = await Promise.all([
      named('sqs', createQueues(clients.sqs, tablePrefix)),
      named('dynamodb', createTables(clients.dynamodb, tablePrefix)),
      named('s3', createBucket(clients.s3, bucket)),
    ]);
    return queues;
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
};

const openClients = (endpoints: Endpoints, keys: ReturnType<typeof credentialsOf>) => {
  const credentials = { accessKeyId: keys.AWS_ACCESS_KEY_ID, secretAccessKey: keys.AWS_SECRET_ACCESS_KEY };
  const options = { region: keys.AWS_REGION, credentials };
  return {
    sqs: new SQSClient({ ...options, endpoint: endpoints.sqs, useQueueUrlAsEndpoint: false }),
    dynamodb: new DynamoDBClient({ ...options, endpoint: endpoints.dynamodb }),
    s3: new S3Client({ ...options, endpoint: endpoints.s3, forcePathStyle: true }),
  };
};

const notPrepared =
  (service: Service, endpoint: string) =>
  (error: unknown): never => {
    const variable = `AWS_ENDPOINT_URL_${service.toUpperCase()}`;
    const reason = error instanceof Error ? `${error.name} ${error.message}`.trim() : String(error);
    throw permanent(
      'aws-unreachable',
      `${variable}=${endpoint} does not serve what Towline needs (${reason}): start it, or unset ${variable} for the emulator`,
      { cause: error },
    );
  };
