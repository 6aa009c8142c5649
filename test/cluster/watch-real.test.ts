import { readFile } from 'node:fs/promises';
import { connectCluster } from '../../src/adapters/kubernetes/connect-cluster.ts';
import { kubeconfigAccess } from '../../src/adapters/kubernetes/kubeconfig.ts';
import { watchContract } from '../contracts/watch-suite.ts';

const path = process.env.KUBECONFIG;
if (!path) throw new Error('KUBECONFIG names no cluster; run npm run test:cluster');

watchContract('real API server', async () => {
  const connect = connectCluster({ clock: Date.now, random: Math.random, readFile });
  const config = { name: 'real', labels: {}, annotations: {}, access: { type: 'kubeconfig' as const, path } };
  return {
    access: await kubeconfigAccess({ clock: Date.now, readFile })({ path }),
    connection: await connect(config, 'contract'),
  };
});
