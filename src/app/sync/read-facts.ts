import { type ClusterRow, factsRead, factsUnread } from '../../domain/cluster-row.ts';
import { AppError } from '../../domain/errors.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import { plainVersion } from '../../domain/sources/chart-scan.ts';
import type { ClusterFacts } from '../../domain/sources/render-key.ts';
import type { FactsMessage } from '../../messages/facts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ClusterReader, ConnectCluster } from '../../ports/cluster.ts';
import type { Log } from '../../ports/log.ts';
import type { Store } from '../../ports/store.ts';
import { loadFleet } from '../load-fleet.ts';
import { updateRow } from '../update-row.ts';

export interface ReadFactsDeps {
  fleets: Pick<Store<FleetRow>, 'get'>;
  clusters: Store<ClusterRow>;
  connect: ConnectCluster;
  clock: Clock;
  log: Log;
}

/**
 * Reads what charts may ask about a cluster, and keeps it for plans, which never talk to one. A cluster that has left the
 * fleet is asked about no more. Errors: the store's; what a cluster answers wrongly stands in its row.
 */
export const readFacts =
  (deps: ReadFactsDeps) =>
  async ({ cluster: name }: FactsMessage): Promise<void> => {
    // No chart asks about it.
    if (!(await deps.clusters.get(name))) return;
    const { file } = await loadFleet(deps);
    const cluster = file.clusters.find((one) => one.name === name);
    if (!cluster) return forget(deps, name);
    try {
      const facts = await readClusterFacts(await deps.connect(cluster, 'towline-facts'));
      await updateRow(deps.clusters, name, (row) => row && factsRead(row, facts, deps.clock()));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { code, message } = error;
      deps.log.warn('a cluster’s versions were not read', { cluster: name, code, reason: message });
      await updateRow(deps.clusters, name, (row) => row && factsUnread(row, message, deps.clock()));
    }
  };

const forget = async ({ clusters }: ReadFactsDeps, name: string): Promise<void> => {
  const row = await clusters.get(name);
  if (row) await clusters.remove(row);
};

/** What a cluster serves, as Argo CD hands it to Helm: `apps/v1` and `apps/v1/Deployment`. Errors: the cluster's. */
export const readClusterFacts = async (cluster: Pick<ClusterReader, 'version' | 'discover'>): Promise<ClusterFacts> => {
  const version = await cluster.version();
  const types = await cluster.discover({ fresh: true });
  const versions = types.flatMap(({ group, version: served, kind, resource }) => {
    const name = group === '' ? served : `${group}/${served}`;
    // Subresources are no types of their own.
    return resource.includes('/') ? [name] : [name, `${name}/${kind}`];
  });
  return { kubeVersion: plainVersion(version) ?? version, apiVersions: [...new Set(versions)].toSorted() };
};
