import { readFile } from 'node:fs/promises';
import { connectCluster } from '../../src/adapters/kubernetes/connect-cluster.ts';
import { clusterContract } from '../contracts/cluster-suite.ts';

const kubeconfig = process.env.KUBECONFIG;
if (!kubeconfig) throw new Error('KUBECONFIG names no cluster; run npm run test:cluster');

clusterContract('real API server', async () => {
  const connect = connectCluster({ clock: Date.now, random: Math.random, readFile });
  const config = {
    name: 'real',
    labels: {},
    annotations: {},
    access: { type: 'kubeconfig' as const, path: kubeconfig },
  };
  return {
    connection: await connect(config, 'contract'),
    validates: true,
    controllers: process.env.TEST_CLUSTER_CONTROLLERS !== 'false',
  };
});
