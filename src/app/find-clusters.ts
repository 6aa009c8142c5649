import { AppError } from '../domain/errors.ts';
import { type ClusterSecret, clusterFromSecret, isClusterSecret } from '../domain/fleet/cluster-secret.ts';
import type { ClusterConfig, ClusterSource, FleetFile } from '../domain/fleet/fleet-file.ts';
import { FLEET_ID, type FleetRow, withFoundClusters } from '../domain/fleet-row.ts';
import type { KubernetesObject } from '../domain/kubernetes-object.ts';
import type { ConnectCluster } from '../ports/cluster.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import { updateRow } from './update-row.ts';

export interface FindClustersDeps {
  fleets: Store<FleetRow>;
  connect: ConnectCluster;
  log: Log;
}

/**
 * Looks for the clusters of `spec.clustersFrom` and makes them part of the fleet, which is compiled anew where they are
 * others than before. What cannot be read now keeps its last good value: no application goes because a hub did not answer.
 * Answers whether they changed: then every ref is to be looked at. Errors: the store's.
 */
export const findClusters = (deps: FindClustersDeps) => async (): Promise<boolean> => {
  const row = await deps.fleets.get(FLEET_ID);
  const sources = row?.file.clustersFrom ?? [];
  if (!row || sources.length === 0) return false;
  const found: ClusterConfig[] = [];
  for (const source of sources) {
    const clusters = await readSource(deps, row.file, source);
    if (!clusters) return false;
    found.push(...clusters);
  }
  const changed = await updateRow(deps.fleets, FLEET_ID, (known) => known && withFoundClusters(known, found));
  return changed !== undefined;
};

const readSource = async (
  deps: FindClustersDeps,
  file: FleetFile,
  source: ClusterSource,
): Promise<ClusterConfig[] | undefined> => {
  if (source.type !== 'secretsIn') {
    deps.log.error('clusters not looked for', { source: source.type, reason: 'only clustersFrom.secretsIn is served' });
    return [];
  }
  const hub = file.clusters.find(({ name }) => name === source.cluster);
  if (!hub) return [];
  try {
    const connection = await deps.connect(hub, 'towline-schedule');
    const secrets = await connection.list(SECRETS, { namespace: source.namespace, labelSelector: CLUSTER_SECRETS });
    return secrets
      .map(secretOf)
      .filter(isClusterSecret)
      .flatMap((secret) => readSecret(deps, secret));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message } = error;
    deps.log.warn('clusters not read, the last ones stay', { cluster: hub.name, code, reason: message });
    return undefined;
  }
};

const SECRETS = { group: '', version: 'v1', kind: 'Secret' };
const CLUSTER_SECRETS = 'argocd.argoproj.io/secret-type=cluster';

/** Of a Secret, what says which cluster it is; nothing of it is logged or kept but what `clusterFromSecret` takes over. */
const secretOf = (object: KubernetesObject): ClusterSecret => {
  const { name = '', labels = {}, annotations = {} } = object.metadata;
  const data = 'data' in object ? object['data'] : undefined;
  const texts = typeof data === 'object' && data !== null ? Object.entries(data) : [];
  const own = texts.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { metadata: { name, labels, annotations }, data: Object.fromEntries(own) };
};

const readSecret = ({ log }: FindClustersDeps, secret: ClusterSecret): ClusterConfig[] => {
  const read = clusterFromSecret(secret);
  if ('cluster' in read) return [read.cluster];
  log.warn('cluster Secret not taken over', { secret: secret.metadata.name, reason: read.reason });
  return [];
};
