import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectCluster } from '../../src/adapters/kubernetes/connect-cluster.ts';
import { fixedCredentials } from '../../src/adapters/kubernetes/endpoint.ts';
import { startEmbeddedCluster } from '../../src/local/kubernetes/embedded-cluster.ts';
import { watchContract } from './watch-suite.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

watchContract('embedded cluster', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'towline-watched-'));
  const options = { name: 'demo', stateDir, clock: Date.now, newId: randomUUID, log: silent };
  // What happened before a start is not kept.
  await (await startEmbeddedCluster(options)).close();
  const running = await startEmbeddedCluster(options);
  const connect = connectCluster({ clock: Date.now, random: Math.random, embedded: () => running });
  const config = { name: 'demo', labels: {}, annotations: {}, access: { type: 'embedded' as const } };
  const { url, token, certificateAuthority } = running;
  return {
    access: {
      endpoint: { url, ...(certificateAuthority === undefined ? {} : { certificateAuthority }) },
      credentials: fixedCredentials(token === undefined ? undefined : `Bearer ${token}`),
    },
    connection: await connect(config, 'contract'),
    close: async () => {
      await running.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
});
