import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddedCluster } from '../adapters/kubernetes/connect-cluster.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import type { Log } from '../ports/log.ts';
import { startEmbeddedCluster } from './kubernetes/embedded-cluster.ts';
import { embeddedKubeconfig } from './kubernetes/kubeconfig.ts';

export interface EmbeddedClusters {
  /** File with a context per cluster, named as in the fleet. */
  kubeconfig: string;
  contexts: string[];
  find(name: string): EmbeddedCluster | undefined;
  close(): Promise<void>;
}

/** Starts the fleet's embedded clusters and writes one kubeconfig for all of them. */
export const startEmbeddedClusters = async ({
  fleet,
  stateDir,
  log,
}: {
  fleet: FleetFile;
  stateDir: string;
  log: Log;
}): Promise<EmbeddedClusters> => {
  const names = fleet.clusters.flatMap(({ name, access }) => (access.type === 'embedded' ? [name] : []));
  const started = await Promise.all(
    names.map(async (name) => {
      const dir = join(stateDir, 'clusters', name);
      const cluster = await startEmbeddedCluster({ name, stateDir: dir, clock: Date.now, newId: randomUUID, log });
      return { name, ...cluster };
    }),
  );
  const kubeconfig = join(stateDir, 'kubeconfig');
  await writeFile(kubeconfig, embeddedKubeconfig(started), { mode: 0o600 });
  const byName = new Map(started.map((cluster) => [cluster.name, cluster]));
  return {
    kubeconfig,
    contexts: names,
    find: (name) => byName.get(name),
    close: async () => {
      await Promise.all(started.map((cluster) => cluster.close()));
    },
  };
};
