import type { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import { createSqsDeadLetters } from '../src/adapters/aws/sqs-dead-letters.ts';
import { createControl } from '../src/app/control/control.ts';
import { replayDelivery } from '../src/app/control/replay-delivery.ts';
import { createReadModel } from '../src/app/read-model.ts';
import { createAdminRoutes } from '../src/ui/admin-routes.ts';
import { createControlRoutes } from '../src/ui/control-routes.ts';
import { createUi } from '../src/ui/routes.ts';
import { sqsClient } from './wiring/aws-clients.ts';
import { lambdaRuntime, lazily, noSecrets, type Runtime } from './wiring/runtime.ts';
import { createBlobs, createQueues, createStores } from './wiring/stores.ts';

/** The web page and its JSON API: what is stored, and a person's requests, which become rows and messages. */
export const createApi = ({ config, clock, events }: Runtime): Hono => {
  const stores = createStores(config);
  const queues = createQueues(config);
  const control = createControl({ ...stores, queues, events, clock });
  const admin = {
    deadLetters: createSqsDeadLetters(sqsClient(), config.queues),
    replay: replayDelivery({ ...stores, queues, clock }),
  };
  return createUi(createReadModel({ ...stores, blobs: createBlobs(config) }), clock)
    .route('/', createControlRoutes(control, config))
    .route('/', createAdminRoutes(admin, config));
};

export const handler = lazily(() => handle(createApi(lambdaRuntime('api', noSecrets))));
