import { type Json, recordOf } from './json.ts';
import type { WriteDeps, WriteOptions } from './writes/deps.ts';
import { create } from './writes/write.ts';

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** The one node: where controllers put their pods. */
export const nodeName = 'embedded';

const node = (gitVersion: string, at: string): Json => ({
  metadata: { name: nodeName, labels: { 'kubernetes.io/hostname': nodeName, 'kubernetes.io/os': 'linux' } },
  status: {
    capacity: { cpu: '64', memory: '256Gi', pods: '1000' },
    allocatable: { cpu: '64', memory: '256Gi', pods: '1000' },
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'KubeletReady',
        message: 'the embedded cluster has no kubelet; this node is always ready',
        lastHeartbeatTime: at,
        lastTransitionTime: at,
      },
    ],
    nodeInfo: { kubeletVersion: gitVersion, operatingSystem: 'linux', architecture: 'amd64' },
  },
});

const options: WriteOptions = {
  fieldManager: 'kube-apiserver',
  dryRun: false,
  force: false,
  fieldValidation: 'Ignore',
  warn: () => undefined,
};

/** Makes what every new cluster has: its namespaces, a node, the API's own Service. */
export const bootstrap = (deps: WriteDeps, gitVersion: string): void => {
  const make = (resource: string, namespace: string, body: Json & { metadata: { name: string } }): void => {
    const type = deps.types.find('', 'v1', resource);
    if (!type || deps.store.get(type.storage, namespace, body.metadata.name)) return;
    create(deps, { type, namespace, name: '' }, body, options);
  };
  for (const name of namespaces) make('namespaces', '', { metadata: { name } });
  const at = new Date(deps.clock()).toISOString();
  make('nodes', '', { ...node(gitVersion, at), metadata: { name: nodeName } });
  const nodes = deps.store.get('/nodes', '', nodeName);
  if (nodes && !recordOf(nodes.status)['conditions'])
    deps.store.put('/nodes', { ...nodes, ...node(gitVersion, at), metadata: nodes.metadata });
  make('services', 'default', {
    metadata: { name: 'kubernetes' },
    spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, targetPort: 6443 }] },
  });
};
