import {
  createDynamoApplicationIndex,
  createDynamoRowIndex,
} from '../../src/adapters/aws/dynamodb-application-index.ts';
import { createDynamoOutcomes } from '../../src/adapters/aws/dynamodb-outcomes.ts';
import { createDynamoResults, createDynamoStore } from '../../src/adapters/aws/dynamodb-store.ts';
import { createS3BlobCache } from '../../src/adapters/aws/s3-blob-cache.ts';
import { createSqsSend } from '../../src/adapters/aws/sqs-queues.ts';
import type { Config } from '../../src/config.ts';
import { type AnswerRow, answerExpiresAt } from '../../src/domain/answer-row.ts';
import type { ApplicationRow } from '../../src/domain/application-row.ts';
import type { ClusterRow } from '../../src/domain/cluster-row.ts';
import type { CommitRow } from '../../src/domain/commit-row.ts';
import type { DeliveryRow } from '../../src/domain/delivery.ts';
import { permanent } from '../../src/domain/errors.ts';
import type { FleetRow } from '../../src/domain/fleet-row.ts';
import type { PreviewRow } from '../../src/domain/preview/preview-row.ts';
import type { RefRow } from '../../src/domain/ref-row.ts';
import type { RegistrationRow } from '../../src/domain/registry/registration-row.ts';
import type { RenderRow } from '../../src/domain/render-row.ts';
import type { AlertRow } from '../../src/domain/report/alerts.ts';
import type { Rollout } from '../../src/domain/rollout.ts';
import type { FactsMessage } from '../../src/messages/facts.ts';
import type { Queues, Send } from '../../src/ports/queues.ts';
import { dynamoClient, s3Client, sqsClient } from './aws-clients.ts';
import { correlation } from './correlation.ts';

/** Every table; each function's role lets it touch only those that it names. */
export const createStores = ({ tablePrefix }: Config, client = dynamoClient()) => {
  const table = (name: string) => ({ client, table: `${tablePrefix}${name}` });
  return {
    fleets: createDynamoStore<FleetRow>(table('fleets')),
    deliveries: createDynamoStore<DeliveryRow>({ ...table('deliveries'), expiresAt: ({ expiresAt }) => expiresAt }),
    refs: createDynamoStore<RefRow>(table('refs')),
    rollouts: createDynamoStore<Rollout>(table('rollouts')),
    previews: createDynamoStore<PreviewRow>({ ...table('previews'), expiresAt: ({ expiresAt }) => expiresAt }),
    alerts: createDynamoStore<AlertRow>({ ...table('alerts'), expiresAt: ({ expiresAt }) => expiresAt }),
    commits: createDynamoStore<CommitRow>({ ...table('commits'), expiresAt: ({ expiresAt }) => expiresAt }),
    clusters: createDynamoStore<ClusterRow>(table('clusters')),
    answers: createDynamoStore<AnswerRow>({ ...table('answers'), expiresAt: answerExpiresAt }),
    renders: createDynamoResults<RenderRow>({ ...table('renders'), expiresAt: ({ expiresAt }) => expiresAt }),
    applications: createDynamoStore<ApplicationRow>({
      ...table('applications'),
      indexed: ({ awaiting }) => ({ awaiting }),
    }),
    registrations: createDynamoStore<RegistrationRow>(table('registrations')),
    registrationIndex: createDynamoRowIndex(client, `${tablePrefix}registrations`, { consistent: true }),
    outcomes: createDynamoOutcomes(client, `${tablePrefix}outcomes`),
    applicationIndex: createDynamoApplicationIndex(client, `${tablePrefix}applications`),
  };
};

/** The blob cache; each function's role lets it touch only its own prefixes. */
export const createBlobs = ({ bucket }: Config) => createS3BlobCache(s3Client(), bucket);

/** The queues that this function was given; sending to another one is an error that names the variable. */
export const createQueues = ({ queues }: Config, client = sqsClient()): Queues => {
  const send = <Message extends object>(name: keyof typeof queues): Send<Message> => {
    const url = queues[name];
    if (url !== undefined) return skipEmpty(createSqsSend<Message>(client, url, correlation));
    return () => Promise.reject(permanent('config-invalid', `TOWLINE_QUEUE_${name.toUpperCase()} is not set`));
  };
  return { changes: send('changes'), renders: send('renders'), syncs: send('syncs'), reports: send('reports') };
};

/** Asks whoever syncs to read a cluster's versions: the same queue, for the same functions may talk to clusters. */
export const createFactsQueue = ({ queues }: Config, client = sqsClient()): Send<FactsMessage> => {
  const { syncs } = queues;
  if (syncs !== undefined) return skipEmpty(createSqsSend<FactsMessage>(client, syncs, correlation));
  return () => Promise.reject(permanent('config-invalid', 'TOWLINE_QUEUE_SYNCS is not set'));
};

const skipEmpty =
  <Message>(send: Send<Message>): Send<Message> =>
  (messages, options) =>
    messages.length === 0 ? Promise.resolve() : send(messages, options);
