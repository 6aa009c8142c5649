import { join } from 'node:path';
import type { Log } from '../../ports/log.ts';
import { bootstrap } from './bootstrap.ts';
import { startControllers } from './controllers/start.ts';
import { followDefinitions } from './custom-definitions.ts';
import { clusterCredentials } from './http/credentials.ts';
import { startServer } from './http/server.ts';
import { builtinTypes, createTypeRegistry } from './resource-types.ts';
import { openJournal } from './storage/journal.ts';
import { createObjectStore } from './storage/object-store.ts';

export interface EmbeddedClusterOptions {
  /** As in the fleet file. */
  name: string;
  /** On 127.0.0.1; absent: the one of the last start where it is free, else any free one. */
  port?: number;
  /** Folder of this cluster alone: objects, token and certificate. Made where it is missing. */
  stateDir: string;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** Makes uids. */
  newId: () => string;
  log: Log;
}

export interface RunningCluster {
  /** `https://127.0.0.1:port`. */
  url: string;
  token: string;
  /** PEM text of the self-signed certificate. */
  certificateAuthority?: string;
  close(): Promise<void>;
}

export type StartEmbeddedCluster = (options: EmbeddedClusterOptions) => Promise<RunningCluster>;

/**
 * Starts one embedded cluster: a small API server on loopback with controllers that play the workloads. What it holds is in
 * `stateDir` and survives a kill. Errors: AppError `port-in-use`; Node's of the file system.
 *
 * Like the API server: types and schemas (schema/builtin-types.json), field ownership, defaults and the usual mistakes.
 * Not played: exec, logs, access control, admission, tokens (501); conversion webhooks and CEL rules of custom resources;
 * `events.k8s.io`; CronJobs' runs; Endpoints; pages of a list are not one snapshot; history for watches goes back some
 * thousands of changes and not beyond a restart.
 */
export const startEmbeddedCluster: StartEmbeddedCluster = async ({ name, port, stateDir, clock, newId, log }) => {
  const { credentials, keepPort } = clusterCredentials(stateDir, clock());
  const store = createObjectStore(openJournal(join(stateDir, 'objects.jsonl')));
  const types = createTypeRegistry();
  const { gitVersion } = builtinTypes();
  const deps = { store, types, clock, newId, gitVersion };
  followDefinitions(store, types);
  bootstrap(deps, gitVersion);
  const server = await startServer(deps, credentials, port, log).catch((error: unknown) => {
    store.close();
    throw error;
  });
  keepPort(server.port);
  const controllers = startControllers(deps, log);
  log.debug('embedded cluster started', { cluster: name, port: server.port, revision: store.revision() });
  return {
    url: `https://127.0.0.1:${server.port}`,
    token: credentials.token,
    certificateAuthority: credentials.certificate,
    close: async () => {
      controllers.stop();
      await server.close();
      store.close();
    },
  };
};
