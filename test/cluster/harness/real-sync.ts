import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectCluster } from '../../../src/adapters/kubernetes/connect-cluster.ts';
import type { ClusterConnection } from '../../../src/ports/cluster.ts';
import { createSyncStack, type SyncStackOptions } from '../../fakes/sync-stack.ts';

const kubeconfig = process.env.KUBECONFIG ?? '';
const CONFIG = {
  name: 'real',
  labels: {},
  annotations: {},
  access: { type: 'kubeconfig' as const, path: kubeconfig },
};

const connect = connectCluster({ clock: Date.now, random: Math.random, readFile });

/** The tests' own connection to the real API server. */
export const connectReal = (): Promise<ClusterConnection> => connect(CONFIG, 'test');

/**
 * The sync use case on the real API server, with everything else in memory. Delays between messages are skipped, but for a
 * moment in which the cluster's controllers can work.
 */
export const createRealSync = (options: Pick<SyncStackOptions, 'name' | 'spec' | 'kill' | 'seen'>) => {
  let ahead = 0;
  return createSyncStack({
    ...options,
    cluster: `kubeconfig: { path: ${JSON.stringify(kubeconfig)} }`,
    connect,
    clock: () => Date.now() + ahead,
    pass: async (milliseconds) => {
      const moment = Math.min(100, milliseconds);
      await sleep(moment);
      ahead += milliseconds - moment;
    },
    pause: (milliseconds) => sleep(milliseconds),
  });
};
