import * as v from 'valibot';
import { createSqsHandler } from '../src/adapters/aws/sqs-handler.ts';
import { reportPreview } from '../src/app/report/report-preview.ts';
import { reportRollout } from '../src/app/report/report-rollout.ts';
import { tellAlert } from '../src/app/report/tell-alert.ts';
import { tellOne } from '../src/app/report/tell-one.ts';
import { type NoticeMessage, NoticeMessageSchema } from '../src/messages/action.ts';
import {
  type AlertReport,
  AlertReportSchema,
  type PreviewReport,
  PreviewReportSchema,
  type ReportMessage,
  ReportMessageSchema,
} from '../src/messages/report.ts';
import { forgeComments, forgeReports, openChat } from './wiring/forge-reporting.ts';
import { lambdaRuntime, lazily, type Runtime } from './wiring/runtime.ts';
import { secretsManager } from './wiring/secrets.ts';
import { sqsDeps } from './wiring/sqs.ts';
import { createBlobs, createQueues, createStores } from './wiring/stores.ts';

/** Queue `reports`: folds a rollout and tells forge and chat what is new. */
export const createReport = (runtime: Runtime) => {
  const { config } = runtime;
  const page = config.publicURL ?? 'https://towline.invalid';
  const deps = { ...runtime, ...createStores(config), ...forgeReports(runtime) };
  const rollout = reportRollout({
    ...deps,
    queues: createQueues(config),
    openChat: openChat(runtime),
    rolloutURL: (id) => `${page}/rollouts/${id}`,
  });
  const preview = reportPreview({
    ...deps,
    blobs: createBlobs(config),
    comments: forgeComments(runtime),
    previewURL: (id) => `${page}/previews/${id}`,
  });
  const whisper = tellOne({ ...deps, queues: createQueues(config), openChat: openChat(runtime) });
  const alert = tellAlert({
    ...deps,
    openChat: openChat(runtime),
    applicationURL: (id) => `${page}/applications/${id}`,
  });
  const handle = (message: ReportMessage | PreviewReport | AlertReport | NoticeMessage): Promise<void> => {
    if ('notice' in message) return whisper(message);
    if ('alert' in message) return alert(message.alert);
    return 'preview' in message ? preview(message.preview) : rollout(message);
  };
  return createSqsHandler(
    sqsDeps(runtime, 'reports'),
    v.union([ReportMessageSchema, PreviewReportSchema, AlertReportSchema, NoticeMessageSchema]),
    handle,
  );
};

export const handler = lazily(() => createReport(lambdaRuntime('report', secretsManager)));
