import type { Destination } from './application.ts';
import type { ClusterConfig } from './fleet-file.ts';

const IN_CLUSTER_SERVER = 'https://kubernetes.default.svc';

/**
 * The cluster that a destination names, by name or by server; `in-cluster` and Kubernetes' own service URL mean the one
 * marked `inCluster`, or the only one there is. A message for people where there is none.
 */
export const findCluster = (
  clusters: readonly ClusterConfig[],
  { name, server }: Destination,
): { cluster: ClusterConfig } | { message: string } => {
  if (name !== undefined && server !== undefined) return { message: 'give name or server, not both' };
  const found = clusters.find((one) => (name === undefined ? sameServer(one.server, server) : one.name === name));
  const cluster = found ?? (isInCluster(name, server) ? inCluster(clusters) : undefined);
  if (cluster) return { cluster };
  const wanted = name === undefined ? `server ${server ?? ''}` : `"${name}"`;
  return { message: `the fleet has no cluster ${wanted}; it has: ${clusters.map((one) => one.name).join(', ') || 'none'}` };
};

const isInCluster = (name: string | undefined, server: string | undefined): boolean =>
  name === 'in-cluster' || trimmed(server) === IN_CLUSTER_SERVER;

const inCluster = (clusters: readonly ClusterConfig[]): ClusterConfig | undefined =>
  clusters.find((one) => one.inCluster) ?? (clusters.length === 1 ? clusters[0] : undefined);

const trimmed = (url: string | undefined): string | undefined => url?.replace(/\/+$/, '');

const sameServer = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && trimmed(a) === trimmed(b);
