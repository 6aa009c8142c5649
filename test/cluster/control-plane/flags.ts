/** Ports on 127.0.0.1. */
export interface ControlPlanePorts {
  etcd: number;
  peer: number;
  api: number;
}

const controllers = [
  'namespace-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'root-ca-certificate-publisher-controller',
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'daemonset-controller',
  'job-controller',
  'cronjob-controller',
  'garbage-collector-controller',
  'endpoints-controller',
  'endpointslice-controller',
  'disruption-controller',
  'horizontal-pod-autoscaler-controller',
  'resourcequota-controller',
  'ttl-after-finished-controller',
  'clusterrole-aggregation-controller',
  'pod-garbage-collector-controller',
];

/** etcd without fsync: the data of tests may be lost. */
export const etcdFlags = ({ etcd, peer }: ControlPlanePorts): string[] => [
  '--name=test',
  '--data-dir=etcd',
  `--listen-client-urls=http://127.0.0.1:${etcd}`,
  `--advertise-client-urls=http://127.0.0.1:${etcd}`,
  `--listen-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-cluster=test=http://127.0.0.1:${peer}`,
  '--unsafe-no-fsync',
  '--quota-backend-bytes=8589934592',
  '--log-level=warn',
];

/** Every write, once it was answered, without bodies: who, what, in which order. */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete'], users: ['admin'] }, { level: 'None' }],
};

/** Of an API server whose writes by the tests are written to `audit.log`, one JSON object a line. */
export const auditFlags = (): string[] => ['--audit-policy-file=audit-policy.json', '--audit-log-path=audit.log'];

/**
 * Loopback cannot be advertised in Endpoints, so the reconciler is off; TaintNodesByCondition would keep kwok's nodes
 * tainted for ever, as the controller that removes the taint does not run.
 */
export const apiServerFlags = ({ etcd, api }: ControlPlanePorts): string[] => [
  `--etcd-servers=http://127.0.0.1:${etcd}`,
  '--bind-address=127.0.0.1',
  '--advertise-address=127.0.0.1',
  `--secure-port=${api}`,
  '--endpoint-reconciler-type=none',
  '--service-cluster-ip-range=10.0.0.0/16',
  '--allow-privileged=true',
  '--authorization-mode=Node,RBAC',
  '--tls-cert-file=server.crt',
  '--tls-private-key-file=server.key',
  '--client-ca-file=ca.crt',
  '--token-auth-file=tokens.csv',
  '--service-account-issuer=https://kubernetes.default.svc',
  '--service-account-key-file=sa.pub',
  '--service-account-signing-key-file=sa.key',
  '--disable-admission-plugins=TaintNodesByCondition',
  '--profiling=false',
  '--v=1',
];

export const controllerManagerFlags = (): string[] => [
  '--kubeconfig=kube-controller-manager.kubeconfig',
  '--leader-elect=false',
  '--secure-port=0',
  '--use-service-account-credentials=true',
  '--service-account-private-key-file=sa.key',
  '--root-ca-file=ca.crt',
  '--kube-api-qps=200',
  '--kube-api-burst=400',
  `--controllers=${controllers.join(',')}`,
];

export const schedulerFlags = (): string[] => [
  '--kubeconfig=kube-scheduler.kubeconfig',
  '--leader-elect=false',
  '--secure-port=0',
];

export const kwokFlags = (stages: string): string[] => [
  `--config=${stages}`,
  '--kubeconfig=kubeconfig',
  '--manage-all-nodes=true',
  '--node-lease-duration-seconds=40',
];

/** A Node that kwok keeps ready and on which it plays every pod. */
export const fakeNode = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'fake-1', annotations: { 'kwok.x-k8s.io/node': 'fake' } },
  status: {
    allocatable: { cpu: '64', memory: '256Gi', pods: '1000' },
    capacity: { cpu: '64', memory: '256Gi', pods: '1000' },
  },
};
