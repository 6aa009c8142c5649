import { createSqsHandler } from '../src/adapters/aws/sqs-handler.ts';
import { reportRollout } from '../src/app/report/report-rollout.ts';
import { ReportMessageSchema } from '../src/messages/report.ts';
import { forgeStatuses, openChat } from './wiring/forge-reporting.ts';
import { lambdaRuntime, lazily, type Runtime } from './wiring/runtime.ts';
import { secretsManager } from './wiring/secrets.ts';
import { sqsDeps } from './wiring/sqs.ts';
import { createQueues, createStores } from './wiring/stores.ts';

/** Queue `reports`: folds a rollout and tells forge and chat what is new. */
export const createReport = (runtime: Runtime) => {
  const { config } = runtime;
  const handle = reportRollout({
    ...runtime,
    ...createStores(config),
    queues: createQueues(config),
    statuses: forgeStatuses(runtime),
    openChat: openChat(runtime),
    rolloutURL: (rollout) => `${config.publicURL ?? 'https://towline.invalid'}/rollouts/${rollout}`,
  });
  return createSqsHandler(sqsDeps(runtime, 'reports'), ReportMessageSchema, handle);
};

export const handler = lazily(() => createReport(lambdaRuntime('report', secretsManager)));
