import { LambdaClient } from '@aws-sdk/client-lambda';
import { createInvokedExpander } from '../src/adapters/aws/invoke-expander.ts';
import { createSqsHandler } from '../src/adapters/aws/sqs-handler.ts';
import { createChartTrees } from '../src/app/chart-trees.ts';
import { createSnapshots } from '../src/app/load-fleet.ts';
import { planChange } from '../src/app/plan/plan-change.ts';
import { createPlanIndexes } from '../src/app/plan/plan-index-store.ts';
import { ChangeMessageSchema } from '../src/messages/change.ts';
import { publicCharts } from './wiring/charts.ts';
import { forgeRepositories } from './wiring/repositories.ts';
import { type GitRuntime, lambdaRuntime, lazily } from './wiring/runtime.ts';
import { secretsManager } from './wiring/secrets.ts';
import { sqsDeps } from './wiring/sqs.ts';
import { createBlobs, createQueues, createStores } from './wiring/stores.ts';
import { TOOL_VERSIONS } from './wiring/tool-versions.ts';

/** Queue `changes`: reads the ref, finds what it affects, writes what that must become. */
export const createPlan = (runtime: GitRuntime) => {
  const { config } = runtime;
  const blobs = createBlobs(config);
  const plan = planChange({
    ...runtime,
    ...createStores(config),
    blobs,
    snapshots: createSnapshots(blobs),
    indexes: createPlanIndexes(blobs),
    queues: createQueues(config),
    charts: createChartTrees({ openCharts: runtime.openCharts, blobs }),
    expander: createInvokedExpander(new LambdaClient({}), config.sandbox),
    toolVersions: TOOL_VERSIONS,
  });
  return createSqsHandler(sqsDeps(runtime, 'changes'), ChangeMessageSchema, plan);
};

export const handler = lazily(() => {
  const runtime = lambdaRuntime('plan', secretsManager);
  return createPlan({ ...runtime, openRepository: forgeRepositories(runtime), openCharts: publicCharts(runtime) });
});
