import type { ClusterSource } from '../domain/fleet/fleet-file.ts';

/** An EKS cluster as AWS describes it. */
export interface EksCluster {
  name: string;
  /** The API server's URL. */
  endpoint: string;
  tags: Record<string, string>;
}

/** A secret that holds one of Argo CD's cluster Secrets. */
export interface StoredClusterSecret {
  /** As Secrets Manager has it, without the prefix of the source. */
  name: string;
  value: string;
}

/**
 * Where AWS knows of clusters. Errors: AppError `clusters-denied` (permanent: the message names the action and the role),
 * `clusters-unreachable` (transient).
 */
export interface ClusterDirectory {
  /** Those of a region that can be reached and have all the tags. */
  eks(source: ClusterSource & { type: 'eks' }): Promise<EksCluster[]>;
  /** Those below the prefix with the tag `towline` = `cluster`. */
  secrets(source: ClusterSource & { type: 'secretsManager' }): Promise<StoredClusterSecret[]>;
}
