import { createLambdaHandler, MAX_LAMBDA_BYTES } from '../src/adapters/http/lambda.ts';
import { createWebhookApp, MAX_WEBHOOK_BYTES } from '../src/adapters/http/webhook-routes.ts';
import { loadFleet } from '../src/app/load-fleet.ts';
import { receiveSlack } from '../src/app/receive-slack.ts';
import { receiveWebhook } from '../src/app/receive-webhook.ts';
import { lambdaRuntime, lazily, type Runtime } from './wiring/runtime.ts';
import { secretsManager } from './wiring/secrets.ts';
import { createQueues, createStores } from './wiring/stores.ts';

/** The webhook edge as a hono app; `maxBytes` is what the transport before it lets through. */
export const createWebhook = (
  { config, clock, newId, log, secrets, events }: Runtime,
  maxBytes = MAX_WEBHOOK_BYTES,
) => {
  const stores = createStores(config);
  const queues = createQueues(config);
  const receive = receiveWebhook({
    repositories: async () => (await loadFleet(stores)).file.repositories,
    deliveries: stores.deliveries,
    enqueue: (message) => {
      const { version: _version, ...change } = message;
      events.emit({ event: 'change', at: clock(), ...change });
      return queues.changes([message]);
    },
    enqueuePreview: (message) => queues.changes([message]),
    secrets,
    clock,
    newId,
    log,
    maxBytes,
  });
  const slack = receiveSlack({
    slack: async () => (await loadFleet(stores)).file.slack,
    enqueue: (message) => queues.changes([message]),
    secrets,
    clock,
  });
  return createWebhookApp({ receive, receiveSlack: slack, log, maxBytes });
};

/** Lambda behind the HTTP API: signature, one conditional write, one message, 202. */
export const handler = lazily(() =>
  createLambdaHandler(createWebhook(lambdaRuntime('webhook', secretsManager), MAX_LAMBDA_BYTES)),
);
