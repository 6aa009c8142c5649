import { clusterServer } from '../find-cluster.ts';
import type { ClusterConfig } from '../fleet-file.ts';
import type { GeneratorCluster } from './generator-inputs.ts';

/** The label that Argo CD's cluster Secrets carry, and that selectors may name. */
const SECRET_TYPE = { 'argocd.argoproj.io/secret-type': 'cluster' };

/** The fleet's clusters as the cluster generator sees them. Each has a server by which a destination finds it again. */
export const generatorClusters = (clusters: readonly ClusterConfig[]): GeneratorCluster[] =>
  clusters.map((cluster) => ({
    name: cluster.name,
    server: clusterServer(cluster),
    ...(cluster.project ? { project: cluster.project } : {}),
    labels: { ...SECRET_TYPE, ...cluster.labels },
    annotations: cluster.annotations,
  }));
