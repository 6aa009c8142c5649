import { setTimeout as pause } from 'node:timers/promises';
import { LambdaClient } from '@aws-sdk/client-lambda';
import * as v from 'valibot';
import { createInvokedExpander } from '../src/adapters/aws/invoke-expander.ts';
import { createSqsHandler } from '../src/adapters/aws/sqs-handler.ts';
import { createChartTrees } from '../src/app/chart-trees.ts';
import { carryOutAction } from '../src/app/control/carry-out-action.ts';
import { refreshAnswers } from '../src/app/generators/refresh-answers.ts';
import { createSnapshots } from '../src/app/load-fleet.ts';
import { planChange } from '../src/app/plan/plan-change.ts';
import { createPlanIndexes } from '../src/app/plan/plan-index-store.ts';
import { previewRequest } from '../src/app/preview/preview-request.ts';
import { type ActionMessage, ActionMessageSchema } from '../src/messages/action.ts';
import { type ChangeMessage, ChangeMessageSchema } from '../src/messages/change.ts';
import { type PreviewMessage, PreviewMessageSchema } from '../src/messages/preview.ts';
import { publicCharts } from './wiring/charts.ts';
import { generatorProviders } from './wiring/generators.ts';
import { forgeRepositories } from './wiring/repositories.ts';
import { type GitRuntime, lambdaRuntime, lazily } from './wiring/runtime.ts';
import { secretsManager } from './wiring/secrets.ts';
import { sqsDeps } from './wiring/sqs.ts';
import { createBlobs, createFactsQueue, createQueues, createStores } from './wiring/stores.ts';
import { TOOL_VERSIONS } from './wiring/tool-versions.ts';

/** Queue `changes`: reads the ref, finds what it affects, writes what that must become. */
export const createPlan = (runtime: GitRuntime) => {
  const { config } = runtime;
  const blobs = createBlobs(config);
  const stores = createStores(config);
  const deps = {
    ...runtime,
    ...stores,
    blobs,
    providers: { ...runtime, ...generatorProviders(runtime), answers: stores.answers, blobs },
    snapshots: createSnapshots(blobs),
    indexes: createPlanIndexes(blobs),
    queues: createQueues(config),
    charts: createChartTrees({ openCharts: runtime.openCharts, blobs }),
    clusterFacts: { clusters: stores.clusters, askFacts: createFactsQueue(config), pause, clock: runtime.clock },
    expander: createInvokedExpander(new LambdaClient({}), config.sandbox),
    toolVersions: TOOL_VERSIONS,
  };
  const plan = planChange(deps);
  const preview = previewRequest(deps);
  const refresh = refreshAnswers({ ...deps, ...deps.providers });
  const carryOut = carryOutAction(deps);
  const handle = async (message: ChangeMessage | PreviewMessage | ActionMessage): Promise<void> => {
    if ('user' in message) return carryOut(message);
    if (!('number' in message)) return plan(message);
    // A delivery is news of a pull request; what has none is the preview looking again.
    if (message.delivery !== undefined) await refresh({ url: message.repository });
    await preview(message);
  };
  return createSqsHandler(
    sqsDeps(runtime, 'changes'),
    v.union([ActionMessageSchema, ChangeMessageSchema, PreviewMessageSchema]),
    handle,
  );
};

export const handler = lazily(() => {
  const runtime = lambdaRuntime('plan', secretsManager);
  return createPlan({ ...runtime, openRepository: forgeRepositories(runtime), openCharts: publicCharts(runtime) });
});
