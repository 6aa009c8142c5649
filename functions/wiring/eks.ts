import { EKSClient } from '@aws-sdk/client-eks';
import { STSClient } from '@aws-sdk/client-sts';
import type { ConnectClusterDeps } from '../../src/adapters/kubernetes/connect-cluster.ts';

/** AWS clients by region; DescribeCluster runs as the cluster's own role where it has one. */
export const eksClients: NonNullable<ConnectClusterDeps['aws']> = {
  eks: (region, credentials) => new EKSClient({ region, ...(credentials ? { credentials } : {}) }),
  sts: (region) => new STSClient({ region }),
};
