import { AppError } from '../domain/errors.ts';
import {
  type ClusterSecret,
  clusterFromSecret,
  clusterSecretOf,
  isClusterSecret,
  namedBySecret,
} from '../domain/fleet/cluster-secret.ts';
import { clusterFromEks } from '../domain/fleet/eks-cluster.ts';
import { clusterOfSecret } from '../domain/fleet/find-cluster.ts';
import type { ClusterConfig, ClusterSource, FleetFile } from '../domain/fleet/fleet-file.ts';
import { FLEET_ID, type FleetRow, withFoundClusters } from '../domain/fleet-row.ts';
import type { KubernetesObject } from '../domain/kubernetes-object.ts';
import { stableDigest } from '../domain/stable-digest.ts';
import type { ConnectCluster } from '../ports/cluster.ts';
import type { ClusterDirectory } from '../ports/cluster-directory.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import { updateRow } from './update-row.ts';

export interface FindClustersDeps {
  fleets: Store<FleetRow>;
  connect: ConnectCluster;
  directory: ClusterDirectory;
  log: Log;
}

/**
 * Looks for the clusters of `spec.clustersFrom` and makes them part of the fleet, which is compiled anew where they are
 * others than before. A source that cannot be read now keeps its last good clusters: no application goes because a hub or
 * AWS did not answer. Answers whether they changed: then every ref is to be looked at. Errors: the store's.
 */
export const findClusters = (deps: FindClustersDeps) => async (): Promise<boolean> => {
  const row = await deps.fleets.get(FLEET_ID);
  const sources = row?.file.clustersFrom ?? [];
  if (!row || sources.length === 0) return false;
  const found: ClusterConfig[] = [];
  for (const source of sources) {
    const foundIn = sourceDigest(source);
    const clusters = await readSource(deps, row, source);
    // Written by a version that did not note where clusters were found.
    if (!clusters && hasUnknownOrigin(row)) return false;
    found.push(...(clusters?.map((one) => ({ ...one, foundIn })) ?? lastFound(row, foundIn)));
  }
  const changed = await updateRow(
    deps.fleets,
    FLEET_ID,
    (known) => known && withFoundClusters(known, distinct(deps, found)),
  );
  return changed !== undefined;
};

const sourceDigest = (source: ClusterSource): string => stableDigest(source).slice(0, 16);

const hasUnknownOrigin = ({ file, writtenClusters = file.clusters }: FleetRow): boolean => {
  const written = new Set(writtenClusters.map(({ name }) => name));
  return file.clusters.some(({ name, foundIn }) => foundIn === undefined && !written.has(name));
};

const lastFound = ({ file }: FleetRow, foundIn: string): ClusterConfig[] =>
  file.clusters.filter((cluster) => cluster.foundIn === foundIn);

/** A name means one cluster, and one that came first keeps it. */
const distinct = ({ log }: FindClustersDeps, found: readonly ClusterConfig[]): ClusterConfig[] => {
  const byName = new Map<string, ClusterConfig>();
  for (const cluster of found) {
    const known = byName.get(cluster.name);
    if (!known) byName.set(cluster.name, cluster);
    else if (known.server !== cluster.server)
      log.error('cluster left out, its name is taken', { ...nameOf(cluster), by: known.server });
  }
  return [...byName.values()];
};

const nameOf = ({ name, server }: ClusterConfig) => ({
  cluster: name,
  server,
  remedy: 'give it another name: for EKS by the tag towline.dev/name',
});

/** Undefined: it cannot be read now. */
const readSource = async (
  deps: FindClustersDeps,
  row: FleetRow,
  source: ClusterSource,
): Promise<ClusterConfig[] | undefined> => {
  try {
    return await read(deps, row, source);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message } = error;
    const place = source.type === 'secretsIn' ? { cluster: source.cluster } : { region: source.region };
    deps.log.warn('clusters not read, the last ones stay', { source: source.type, ...place, code, reason: message });
    return undefined;
  }
};

const read = async (deps: FindClustersDeps, row: FleetRow, source: ClusterSource): Promise<ClusterConfig[]> => {
  const { file, writtenClusters: written = file.clusters } = row;
  switch (source.type) {
    case 'eks':
      return (await deps.directory.eks(source)).map((cluster) => clusterFromEks(cluster, source));
    case 'secretsManager':
      return (await deps.directory.secrets(source)).flatMap((secret) => {
        const manifest = clusterSecretOf(secret);
        if ('metadata' in manifest) return takeOver(deps, manifest, { written });
        deps.log.warn('cluster Secret not taken over', { secret: secret.name, reason: manifest.reason });
        return [];
      });
    case 'secretsIn':
      return readHub(deps, { file, written }, source);
  }
};

const readHub = async (
  deps: FindClustersDeps,
  { file, written }: { file: FleetFile; written: readonly ClusterConfig[] },
  { cluster, namespace }: ClusterSource & { type: 'secretsIn' },
): Promise<ClusterConfig[]> => {
  const hub = file.clusters.find(({ name }) => name === cluster);
  if (!hub) return [];
  const connection = await deps.connect(hub, 'towline-schedule');
  const secrets = await connection.list(SECRETS, { namespace, labelSelector: CLUSTER_SECRETS });
  return secrets
    .map(secretOf)
    .filter(isClusterSecret)
    .flatMap((secret) => takeOver(deps, secret, { written, hub: cluster }));
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

/** A cluster that is written down is as it is written, whatever the Secret's credentials: its labels and annotations count. */
const takeOver = (
  { log }: FindClustersDeps,
  secret: ClusterSecret,
  { written, hub }: { written: readonly ClusterConfig[]; hub?: string },
): ClusterConfig[] => {
  const known = clusterOfSecret(written, namedBySecret(secret), hub);
  if (known) {
    const { labels = {}, annotations = {} } = secret.metadata;
    return [{ ...known, secret: { labels, annotations } }];
  }
  const taken = clusterFromSecret(secret);
  if ('cluster' in taken) return [taken.cluster];
  log.warn('cluster Secret not taken over', { secret: secret.metadata.name, reason: taken.reason });
  return [];
};
