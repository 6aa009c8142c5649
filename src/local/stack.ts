import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Hono } from 'hono';
import { createApi } from '../../functions/api.ts';
import { createPlan } from '../../functions/plan.ts';
import { createRender } from '../../functions/render.ts';
import { createReport } from '../../functions/report.ts';
import { createSchedule } from '../../functions/schedule.ts';
import { createSync } from '../../functions/sync.ts';
import { createWebhook } from '../../functions/webhook.ts';
import { sqsClient } from '../../functions/wiring/aws-clients.ts';
import { correlation } from '../../functions/wiring/correlation.ts';
import { forgeRepositories } from '../../functions/wiring/repositories.ts';
import type { GitRuntime } from '../../functions/wiring/runtime.ts';
import { createStores } from '../../functions/wiring/stores.ts';
import { createVariableSecrets } from '../adapters/aws/secrets.ts';
import { createOpenCharts } from '../adapters/helm/open-charts.ts';
import { correlated } from '../adapters/log/correlation.ts';
import { createLoggedEvents } from '../adapters/log/json-log.ts';
import { eachOfEvents } from '../adapters/log/metric-events.ts';
import { checkWebhookSecrets } from '../app/receive-webhook.ts';
import { parseConfig } from '../config.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import type { Log } from '../ports/log.ts';
import { startEventSource } from './aws/event-source.ts';
import { QUEUES, type QueueName } from './aws/queues.ts';
import { type LocalAws, startAws } from './aws/start-aws.ts';
import { doubtfulSecrets } from './doubtful-secrets.ts';
import { type EmbeddedClusters, startEmbeddedClusters } from './embedded-clusters.ts';
import { listen } from './listen.ts';
import { localRepositories } from './local-repositories.ts';
import type { Printer } from './printer.ts';
import { readLocalFile } from './read-local-file.ts';
import { registerFleet } from './register-fleet.ts';
import { createRunCommand } from './run-command.ts';
import { startSandbox } from './start-sandbox.ts';
import { lockStateDir } from './state-dir.ts';
import { startTicks } from './ticks.ts';
import { voidCommitLeases, voidLeases } from './void-leases.ts';

export interface StackOptions {
  fleet: FleetFile;
  port: number;
  stateDir: string;
  environment: NodeJS.ProcessEnv;
  printer: Printer;
  log: Log;
  /** Shown when the stack is ready. */
  gitURL?: string;
  /** False: nothing is planned before the first push or the poll's interval. */
  pollAtStart?: boolean;
}

export interface Stack {
  url: string;
  webhooks: { github: string; gitlab: string; slack: string };
  /** Plans everything that the fleet follows, as the poll does. */
  poll(): Promise<void>;
  close(): Promise<void>;
}

type Closing = () => Promise<void>;

/** The product on one machine: the functions of the deployed stack over emulated AWS, on loopback. */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const closing: Closing[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse())
      await end().catch((error: unknown) => options.log.warn(String(error)));
  };
  try {
    return { ...(await start(options, closing)), close };
  } catch (error) {
    await close();
    throw error;
  }
};

const start = async (options: StackOptions, closing: Closing[]): Promise<Omit<Stack, 'close'>> => {
  const { stateDir, log, printer } = options;
  const lock = await lockStateDir(stateDir);
  closing.push(() => lock.release());
  // The port first: it is what fails most, and nothing else has started then.
  let serve: Hono['fetch'] = () => new Response('starting\n', { status: 503 });
  const server = await listen((request) => serve(request), options.port);
  closing.push(() => server.close());
  const { aws, clusters, sandbox } = await startSurroundings(options, closing);
  const access = localAccess(options, clusters);
  const environment = { ...options.environment, ...aws.environment, ...sandbox.environment };
  adoptEndpoints(options.environment, environment);
  const runtime = createRuntime(options, { ...environment, TOWLINE_PUBLIC_URL: server.url }, closing);
  await checkSecrets(options, runtime);
  const schedule = createSchedule(runtime, access);
  const stores = createStores(runtime.config);
  await registerFleet(stores, options.fleet);
  const { deliveries, refs, renders, applications, rollouts, previews, alerts, commits } = stores;
  await voidLeases([deliveries, refs, renders, applications, rollouts, previews, alerts], Date.now());
  await voidCommitLeases(rollouts, commits, Date.now());
  serve = new Hono().route('/', createWebhook(runtime)).route('/', createApi(runtime)).fetch;
  for (const close of startSources(runtime, aws, access)) closing.push(close);
  await schedule.sweep();
  closing.push(
    startTicks({ ...schedule, pollSeconds: runtime.config.pollSeconds, pollAtStart: options.pollAtStart ?? true, log }),
  );
  const webhooks = webhooksOf(server.url);
  const { kubeconfig, contexts } = clusters;
  printer.ready({
    url: server.url,
    webhooks,
    kubeconfig,
    contexts,
    ...(options.gitURL ? { gitURL: options.gitURL } : {}),
  });
  return { url: server.url, webhooks, poll: async () => void (await schedule.poll()) };
};

/** Webhook secrets have to be right, since anybody may call; what another that is missing does is told by the warning. */
const checkSecrets = async ({ fleet, log }: StackOptions, { secrets }: GitRuntime): Promise<void> => {
  await checkWebhookSecrets(fleet.repositories, secrets);
  for (const doubt of await doubtfulSecrets(fleet, secrets)) log.warn(doubt);
};

/** Where one fails, the others are closed too, which they have to have started for. */
const startSurroundings = async (options: StackOptions, closing: Closing[]) => {
  const starting = [
    startAws({ ...options }).then((started) => closeLater(closing, started)),
    startEmbeddedClusters({ ...options }).then((started) => closeLater(closing, started)),
    startSandbox({ ...options }).then((started) => closeLater(closing, started)),
  ] as const;
  await Promise.allSettled(starting);
  const [aws, clusters, sandbox] = await Promise.all(starting);
  return { aws, clusters, sandbox };
};

const webhooksOf = (url: string): Stack['webhooks'] => ({
  github: `${url}/webhooks/github`,
  gitlab: `${url}/webhooks/gitlab`,
  slack: `${url}/webhooks/slack`,
});

const closeLater = <Started extends { close(): Promise<void> }>(closing: Closing[], started: Started): Started => {
  closing.push(() => started.close());
  return started;
};

/** The SDKs read their endpoints from the process's environment and from nowhere else. */
const adoptEndpoints = (target: NodeJS.ProcessEnv, environment: NodeJS.ProcessEnv): void => {
  for (const [name, value] of Object.entries(environment)) {
    if (name.startsWith('AWS_') && target[name] === undefined) target[name] = value;
    if (name.startsWith('AWS_ENDPOINT_URL_')) target[name] = value;
  }
};

const createRuntime = (options: StackOptions, environment: NodeJS.ProcessEnv, closing: Closing[]): GitRuntime => {
  const secrets = createVariableSecrets(environment);
  const log = correlated(options.log, correlation);
  const forges = forgeRepositories({ secrets, log, clock: Date.now });
  const repositories = localRepositories({
    secrets,
    log,
    cacheDir: join(options.stateDir, 'git'),
    searchPath: environment.PATH,
    forges,
  });
  closing.push(repositories.close);
  return {
    config: parseConfig(environment),
    clock: Date.now,
    newId: randomUUID,
    log,
    events: eachOfEvents(options.printer, createLoggedEvents(log)),
    secrets,
    openRepository: repositories.open,
    openCharts: createOpenCharts({ secrets, clock: Date.now, allowInsecure: true }),
  };
};

type Access = Parameters<typeof createSync>[1];

/** Commands of the user's kubeconfig are the user's: what they ask of AWS is not the emulators', whose address comes later. */
const localAccess = ({ environment }: StackOptions, clusters: EmbeddedClusters): Access => ({
  embedded: clusters.find,
  readFile: readLocalFile,
  runCommand: createRunCommand({ ...environment }),
});

/** Batches and concurrency as serverless.yml has them, scaled to one machine. */
const startSources = (runtime: GitRuntime, aws: LocalAws, access: Access): Closing[] => {
  const handlers = {
    changes: { handler: createPlan(runtime), batchSize: 1, concurrency: 4 },
    renders: { handler: createRender(runtime), batchSize: 10, concurrency: 2 },
    syncs: {
      handler: createSync(runtime, access),
      batchSize: 10,
      concurrency: 4,
    },
    reports: { handler: createReport(runtime), batchSize: 10, concurrency: 1 },
  } satisfies Record<QueueName, object>;
  const client = sqsClient();
  const sources = QUEUES.map((queue) => {
    const source = startEventSource({
      client,
      queueUrl: aws.queues[queue],
      waitSeconds: aws.waitSeconds,
      log: runtime.log,
      ...handlers[queue],
    });
    return () => source.close();
  });
  return [() => Promise.resolve(client.destroy()), ...sources];
};
