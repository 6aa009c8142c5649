import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { createClusterDirectory } from '../../src/adapters/kubernetes/cluster-directory.ts';
import type { ClusterDirectory } from '../../src/ports/cluster-directory.ts';
import { eksClients } from './eks.ts';

/** Where AWS knows of clusters. */
export const clusterDirectory = ({ clock }: { clock: () => number }): ClusterDirectory =>
  createClusterDirectory({
    ...eksClients,
    clock,
    sts: (region) => new STSClient(region ? { region } : {}),
    secretsManager: (region, credentials) =>
      new SecretsManagerClient({ ...(region ? { region } : {}), ...(credentials ? { credentials } : {}) }),
  });
