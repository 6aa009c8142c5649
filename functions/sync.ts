import { setTimeout as pause } from 'node:timers/promises';
import * as v from 'valibot';
import { keepRecent } from '../src/adapters/aws/recent-blobs.ts';
import { createSqsHandler } from '../src/adapters/aws/sqs-handler.ts';
import { createDeleteJqPaths } from '../src/adapters/jq/delete-jq-paths.ts';
import { type ConnectClusterDeps, connectCluster } from '../src/adapters/kubernetes/connect-cluster.ts';
import { createRunHealthScript } from '../src/adapters/lua/run-health-script.ts';
import { connectRegistry } from '../src/app/registry/connect-registry.ts';
import { readFacts } from '../src/app/sync/read-facts.ts';
import { syncApplication } from '../src/app/sync/sync-application.ts';
import { type FactsMessage, FactsMessageSchema } from '../src/messages/facts.ts';
import { type SyncMessage, SyncMessageSchema } from '../src/messages/sync.ts';
import { eksClients } from './wiring/eks.ts';
import { lambdaRuntime, lazily, noSecrets, type Runtime } from './wiring/runtime.ts';
import { sqsDeps } from './wiring/sqs.ts';
import { createBlobs, createQueues, createStores } from './wiring/stores.ts';

const KEPT_MANIFESTS_BYTES = 8_388_608;

type Access = Pick<ConnectClusterDeps, 'embedded' | 'readFile' | 'runCommand'>;

/**
 * Queue `syncs`: takes an application a step on. `local` adds the kinds of cluster access that only one machine has;
 * `jqWorker` is where a bundle has its copy of the jq thread.
 */
export const createSync = (runtime: Runtime, local: Access = {}, jqWorker?: URL) => {
  const { config, clock } = runtime;
  const deps = { ...runtime, ...createStores(config), queues: createQueues(config) };
  const connect = connectCluster({ clock, random: Math.random, aws: eksClients, ...local });
  const facts = readFacts({ ...deps, connect });
  const sync = syncApplication({
    ...deps,
    // Applications of one pack come in neighbouring messages.
    blobs: keepRecent(createBlobs(config), KEPT_MANIFESTS_BYTES),
    connect: connectRegistry(deps, connect),
    typesApplied: (cluster) => facts({ version: 1, cluster }),
    runHealthScript: createRunHealthScript({ clock }),
    compareSeconds: config.compareSeconds,
    deleteJqPaths: createDeleteJqPaths(jqWorker ? { workerURL: jqWorker } : {}),
    pause: (milliseconds) => pause(milliseconds, undefined),
  });
  const handle = (message: SyncMessage | FactsMessage) => ('cluster' in message ? facts(message) : sync(message));
  return createSqsHandler(sqsDeps(runtime, 'syncs'), v.union([FactsMessageSchema, SyncMessageSchema]), handle);
};

export const handler = lazily(() =>
  createSync(lambdaRuntime('sync', noSecrets), {}, new URL('../dist/jq-worker.cjs', import.meta.url)),
);
