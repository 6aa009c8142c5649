import type { Destination } from './application.ts';
import type { ClusterConfig } from './fleet-file.ts';

/** How a destination names the in-cluster cluster: Kubernetes' own service, and Argo CD's name for it. */
export const IN_CLUSTER_SERVER = 'https://kubernetes.default.svc';
export const IN_CLUSTER_NAME = 'in-cluster';

/** What the in-cluster destination means where no cluster of the fleet is it: Towline, which takes Argo CD's kinds alone. */
export const CONTROL_PLANE: ClusterConfig = {
  name: IN_CLUSTER_NAME,
  server: IN_CLUSTER_SERVER,
  inCluster: true,
  labels: {},
  annotations: {},
  access: { type: 'control-plane' },
};

/** The cluster that an application was compiled for, by its name; undefined: the fleet has it no more. */
export const clusterNamed = (clusters: readonly ClusterConfig[], name: string): ClusterConfig | undefined =>
  clusters.find((one) => one.name === name) ?? (name === CONTROL_PLANE.name ? inCluster(clusters) : undefined);

/** What `destination.server` says for a cluster: its address, or a name of ours where the fleet file gives none. */
export const clusterServer = ({ name, server, inCluster: isInCluster }: ClusterConfig): string =>
  server ?? (isInCluster ? IN_CLUSTER_SERVER : `cluster://${name}`);

/**
 * The cluster that a destination names, by name or by server; `in-cluster` and Kubernetes' own service URL mean the one
 * marked `inCluster`, or the only one there is, else Towline itself. A message for people where there is none.
 */
export const findCluster = (
  clusters: readonly ClusterConfig[],
  { name, server }: Pick<Destination, 'name' | 'server'>,
): { cluster: ClusterConfig } | { message: string } => {
  if (name && server) return { message: `names cluster "${name}" and server ${server}: give one of them` };
  if (!name && !server) return { message: 'names no cluster: give spec.destination.name or server' };
  const found = clusters.find((one) => (name ? one.name === name : sameServer(clusterServer(one), server)));
  const cluster = found ?? (isInCluster({ name, server }) ? inCluster(clusters) : undefined);
  if (cluster) return { cluster };
  const wanted = name ? `"${name}"` : `with server ${server}`;
  const names = clusters.map((one) => (one.server ? `${one.name} (${one.server})` : one.name)).join(', ') || 'none';
  return { message: `the fleet has no cluster ${wanted}; it has: ${names}` };
};

/**
 * The cluster of the fleet file that one of Argo CD's cluster Secrets is about, by name or address; that of the in-cluster
 * address is `hub`, where the Secret was found, else the one marked `inCluster`.
 */
export const clusterOfSecret = (
  clusters: readonly ClusterConfig[],
  { name, server }: { name: string; server: string },
  hub: string | undefined,
): ClusterConfig | undefined =>
  clusters.find((one) => one.name === name || sameServer(one.server, server)) ??
  (trimmed(server) === IN_CLUSTER_SERVER
    ? clusters.find((one) => (hub === undefined ? one.inCluster : one.name === hub))
    : undefined);

/** Whether a destination is the in-cluster one by Argo CD's own name or address of it. */
export const isInCluster = ({ name, server }: Pick<Destination, 'name' | 'server'>): boolean =>
  name === IN_CLUSTER_NAME || trimmed(server) === IN_CLUSTER_SERVER;

const inCluster = (clusters: readonly ClusterConfig[]): ClusterConfig =>
  clusters.find((one) => one.inCluster) ?? (clusters.length === 1 ? clusters[0] : undefined) ?? CONTROL_PLANE;

/** Without the port that https has anyway and slashes at the end. */
const trimmed = (url: string | undefined): string | undefined =>
  url?.replace(/\/+$/, '').replace(/^(https:.*):443$/, '$1');

const sameServer = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && trimmed(a) === trimmed(b);
