import { createFakeCluster } from '../fakes/fake-cluster.ts';
import { clusterContract } from './cluster-suite.ts';

clusterContract('in-memory cluster', async () => ({
  connection: createFakeCluster({ strictNamespaces: true }),
  validates: false,
  controllers: true,
}));
