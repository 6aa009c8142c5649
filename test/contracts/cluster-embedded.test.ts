import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectCluster } from '../../src/adapters/kubernetes/connect-cluster.ts';
import { startEmbeddedCluster } from '../../src/local/kubernetes/embedded-cluster.ts';
import { clusterContract } from './cluster-suite.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

clusterContract('embedded cluster', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'towline-embedded-'));
  const options = { name: 'demo', stateDir, clock: Date.now, newId: randomUUID, log: silent };
  const running = await startEmbeddedCluster(options);
  const connect = connectCluster({ clock: Date.now, random: Math.random, embedded: () => running });
  const config = { name: 'demo', labels: {}, annotations: {}, access: { type: 'embedded' as const } };
  return {
    connection: await connect(config, 'contract'),
    validates: true,
    controllers: true,
    close: async () => {
      await running.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
});
