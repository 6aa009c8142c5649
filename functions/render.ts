import { LambdaClient } from '@aws-sdk/client-lambda';
import { createInvokedSandbox } from '../src/adapters/aws/invoke-sandbox.ts';
import { createSqsHandler } from '../src/adapters/aws/sqs-handler.ts';
import { render } from '../src/app/render.ts';
import { RenderMessageSchema } from '../src/messages/render.ts';
import { lambdaRuntime, lazily, noSecrets, type Runtime } from './wiring/runtime.ts';
import { sqsDeps } from './wiring/sqs.ts';
import { createBlobs, createQueues, createStores } from './wiring/stores.ts';

/** Queue `renders`: has one key rendered and wakes who waits for it. */
export const createRender = (runtime: Runtime) => {
  const { config } = runtime;
  const handle = render({
    ...runtime,
    ...createStores(config),
    blobs: createBlobs(config),
    sandbox: createInvokedSandbox(new LambdaClient({}), config.sandbox),
    queues: createQueues(config),
  });
  return createSqsHandler(sqsDeps(runtime, 'renders'), RenderMessageSchema, handle);
};

export const handler = lazily(() => createRender(lambdaRuntime('render', noSecrets)));
