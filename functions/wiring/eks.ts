import { EKSClient } from '@aws-sdk/client-eks';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { createClusterDirectory } from '../../src/adapters/kubernetes/cluster-directory.ts';
import type { ConnectClusterDeps } from '../../src/adapters/kubernetes/connect-cluster.ts';
import type { ClusterDirectory } from '../../src/ports/cluster-directory.ts';

/** Where AWS knows of clusters. */
export const clusterDirectory = ({ clock }: { clock: () => number }): ClusterDirectory =>
  createClusterDirectory({
    ...eksClients,
    clock,
    sts: (region) => new STSClient(region ? { region } : {}),
    secretsManager: (region, credentials) =>
      new SecretsManagerClient({ ...(region ? { region } : {}), ...(credentials ? { credentials } : {}) }),
  });

/** AWS clients by region; DescribeCluster runs as the cluster's own role where it has one. */
export const eksClients: NonNullable<ConnectClusterDeps['aws']> = {
  eks: (region, credentials) => new EKSClient({ region, ...(credentials ? { credentials } : {}) }),
  sts: (region) => new STSClient({ region }),
};
