import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { at, isRecord, listOf, recordOf, textOf } from '../json.ts';

/** One column of a Table. */
export interface Column {
  name: string;
  type?: string;
  format?: string;
  /** Above 0: shown with `-o wide` only. */
  priority?: number;
  cell: (object: KubernetesObject) => string | number | boolean | null;
}

/** Columns around AGE. */
export interface Columns {
  before: Column[];
  after: Column[];
}

const number = (object: KubernetesObject, path: string): number => {
  const value = at(object, path);
  return typeof value === 'number' ? value : 0;
};

const text =
  (path: string, absent = '') =>
  (object: KubernetesObject): string => {
    const value = at(object, path);
    return value === undefined || value === null || value === '' ? absent : String(value);
  };

const count = (name: string, path: string): Column => ({
  name,
  type: 'integer',
  cell: (object) => number(object, path),
});

const column = (name: string, path: string, absent?: string): Column => ({ name, cell: text(path, absent) });
const wide = (one: Column): Column => ({ ...one, priority: 1 });

const containers = (path: string, field: 'name' | 'image') => (object: KubernetesObject) =>
  listOf(at(object, `${path}.containers`))
    .map((container) => textOf(recordOf(container)[field]))
    .join(',');

const selector = (path: string) => (object: KubernetesObject) => {
  const entries = Object.entries(recordOf(at(object, path)));
  return entries.length > 0 ? entries.map(([key, value]) => `${key}=${String(value)}`).join(',') : '<none>';
};

const workload = (path: string): Column[] => [
  wide({ name: 'Containers', cell: containers(path, 'name') }),
  wide({ name: 'Images', cell: containers(path, 'image') }),
];

const ready = (have: string, want: string): Column => ({
  name: 'Ready',
  cell: (object) => `${number(object, have)}/${number(object, want)}`,
});

const selected = wide({ name: 'Selector', cell: selector('spec.selector.matchLabels') });

const podStatus = (object: KubernetesObject): string => {
  if (object.metadata.deletionTimestamp) return 'Terminating';
  for (const status of listOf(at(object, 'status.containerStatuses'))) {
    const reason = textOf(at(status, 'state.waiting.reason')) || textOf(at(status, 'state.terminated.reason'));
    if (reason) return reason;
  }
  return text('status.reason')(object) || text('status.phase', 'Unknown')(object);
};

const podColumns = (): Columns => {
  const statuses = (object: KubernetesObject) => listOf(at(object, 'status.containerStatuses')).map(recordOf);
  return {
    before: [
      {
        name: 'Ready',
        cell: (object) =>
          `${statuses(object).filter((one) => one.ready === true).length}/${listOf(at(object, 'spec.containers')).length}`,
      },
      { name: 'Status', cell: podStatus },
      {
        name: 'Restarts',
        cell: (object) => statuses(object).reduce((sum, one) => sum + Number(one.restartCount ?? 0), 0),
      },
    ],
    after: [
      wide(column('IP', 'status.podIP', '<none>')),
      wide(column('Node', 'spec.nodeName', '<none>')),
      wide(column('Nominated Node', 'status.nominatedNodeName', '<none>')),
      wide({ name: 'Readiness Gates', cell: () => '<none>' }),
    ],
  };
};

const address = (object: KubernetesObject): string =>
  listOf(at(object, 'status.loadBalancer.ingress'))
    .map((one) => textOf(recordOf(one).ip) || textOf(recordOf(one).hostname))
    .join(',');

const serviceColumns = (): Columns => ({
  before: [
    column('Type', 'spec.type'),
    column('Cluster-IP', 'spec.clusterIP', '<none>'),
    {
      name: 'External-IP',
      cell: (object) => {
        if (at(object, 'spec.type') === 'ExternalName') return text('spec.externalName')(object);
        const pending = at(object, 'spec.type') === 'LoadBalancer' ? '<pending>' : '<none>';
        return address(object) || listOf(at(object, 'spec.externalIPs')).join(',') || pending;
      },
    },
    {
      name: 'Port(s)',
      cell: (object) =>
        listOf(at(object, 'spec.ports'))
          .map(recordOf)
          .map(
            (port) =>
              `${String(port.port)}${port.nodePort ? `:${String(port.nodePort)}` : ''}/${textOf(port.protocol)}`,
          )
          .join(',') || '<none>',
    },
  ],
  after: [wide({ name: 'Selector', cell: selector('spec.selector') })],
});

const ingressColumns = (): Columns => ({
  before: [
    column('Class', 'spec.ingressClassName', '<none>'),
    {
      name: 'Hosts',
      cell: (object) =>
        listOf(at(object, 'spec.rules'))
          .map((rule) => textOf(recordOf(rule).host) || '*')
          .join(',') || '*',
    },
    { name: 'Address', cell: address },
    { name: 'Ports', cell: (object) => (listOf(at(object, 'spec.tls')).length > 0 ? '80, 443' : '80') },
  ],
  after: [],
});

const jobState = (object: KubernetesObject): string => {
  const types = listOf(at(object, 'status.conditions'))
    .map(recordOf)
    .filter(({ status }) => status === 'True')
    .map(({ type }) => type);
  return ['Complete', 'Failed', 'Suspended'].find((type) => types.includes(type)) ?? 'Running';
};

type Age = (from: string | undefined) => string;

const jobColumns = (): Columns => ({
  before: [
    { name: 'Status', cell: jobState },
    {
      name: 'Completions',
      cell: (object) => `${number(object, 'status.succeeded')}/${number(object, 'spec.completions') || 1}`,
    },
    {
      name: 'Duration',
      cell: (object) => {
        const start = Date.parse(text('status.startTime')(object));
        const end = Date.parse(text('status.completionTime')(object));
        return Number.isNaN(start) || Number.isNaN(end) ? '' : `${Math.round((end - start) / 1_000)}s`;
      },
    },
  ],
  after: [...workload('spec.template.spec'), selected],
});

const keyCount = (field: string): Column => ({
  name: 'Data',
  type: 'integer',
  cell: (object) =>
    Object.keys(recordOf(object[field])).length +
    (field === 'data' ? Object.keys(recordOf(object.binaryData)).length : 0),
});

const claimColumns: Column[] = [
  column('Status', 'status.phase'),
  column('Volume', 'spec.volumeName'),
  { name: 'Capacity', cell: text('status.capacity.storage') },
  { name: 'Access Modes', cell: (object) => listOf(at(object, 'spec.accessModes')).map(shortMode).join(',') },
  column('StorageClass', 'spec.storageClassName'),
];

const shortMode = (mode: unknown): string => textOf(mode).replace(/[a-z]/g, '').replace('RWO', 'RWO');

const nodeColumns: Column[] = [
  {
    name: 'Status',
    cell: (object) =>
      listOf(at(object, 'status.conditions')).some(
        (one) => recordOf(one).type === 'Ready' && recordOf(one).status === 'True',
      )
        ? 'Ready'
        : 'NotReady',
  },
  { name: 'Roles', cell: () => '<none>' },
];

const eventColumns = (age: Age): Columns => ({
  before: [
    { name: 'Last Seen', cell: (object) => age(text('lastTimestamp')(object) || text('eventTime')(object)) },
    column('Type', 'type'),
    column('Reason', 'reason'),
    {
      name: 'Object',
      cell: (object) => `${text('involvedObject.kind')(object).toLowerCase()}/${text('involvedObject.name')(object)}`,
    },
    column('Message', 'message'),
  ],
  after: [],
});

const autoscalerColumns: Column[] = [
  {
    name: 'Reference',
    cell: (object) => `${text('spec.scaleTargetRef.kind')(object)}/${text('spec.scaleTargetRef.name')(object)}`,
  },
  { name: 'Targets', cell: () => '<unknown>' },
  count('MinPods', 'spec.minReplicas'),
  count('MaxPods', 'spec.maxReplicas'),
  count('Replicas', 'status.currentReplicas'),
];

const roleRef: Column = {
  name: 'Role',
  cell: (object) => (isRecord(object.roleRef) ? `${textOf(object.roleRef.kind)}/${textOf(object.roleRef.name)}` : ''),
};

const plain =
  (before: Column[], after: Column[] = []) =>
  (): Columns => ({ before, after });

const tables: Readonly<Record<string, (age: Age) => Columns>> = {
  '/Pod': podColumns,
  '/Service': serviceColumns,
  '/ConfigMap': plain([keyCount('data')]),
  '/Secret': plain([column('Type', 'type'), keyCount('data')]),
  '/Namespace': plain([column('Status', 'status.phase')]),
  '/Node': plain(nodeColumns, [column('Version', 'status.nodeInfo.kubeletVersion')]),
  '/Event': eventColumns,
  '/ServiceAccount': plain([]),
  '/PersistentVolumeClaim': plain(claimColumns, [wide(column('VolumeMode', 'spec.volumeMode'))]),
  '/PersistentVolume': plain([
    { name: 'Capacity', cell: text('spec.capacity.storage') },
    column('Status', 'status.phase'),
  ]),
  'apps/Deployment': plain(
    [
      ready('status.readyReplicas', 'spec.replicas'),
      count('Up-to-date', 'status.updatedReplicas'),
      count('Available', 'status.availableReplicas'),
    ],
    [...workload('spec.template.spec'), selected],
  ),
  'apps/ReplicaSet': plain(
    [count('Desired', 'spec.replicas'), count('Current', 'status.replicas'), count('Ready', 'status.readyReplicas')],
    [...workload('spec.template.spec'), selected],
  ),
  'apps/StatefulSet': plain([ready('status.readyReplicas', 'spec.replicas')], workload('spec.template.spec')),
  'apps/DaemonSet': plain(
    [
      count('Desired', 'status.desiredNumberScheduled'),
      count('Current', 'status.currentNumberScheduled'),
      count('Ready', 'status.numberReady'),
      count('Up-to-date', 'status.updatedNumberScheduled'),
      count('Available', 'status.numberAvailable'),
      { name: 'Node Selector', cell: selector('spec.template.spec.nodeSelector') },
    ],
    [...workload('spec.template.spec'), selected],
  ),
  'batch/Job': jobColumns,
  'batch/CronJob': plain([
    column('Schedule', 'spec.schedule'),
    column('Timezone', 'spec.timeZone', '<none>'),
    { name: 'Suspend', cell: (object) => (at(object, 'spec.suspend') === true ? 'True' : 'False') },
    { name: 'Active', type: 'integer', cell: (object) => listOf(at(object, 'status.active')).length },
    column('Last Schedule', 'status.lastScheduleTime', '<none>'),
  ]),
  'networking.k8s.io/Ingress': ingressColumns,
  'networking.k8s.io/NetworkPolicy': plain([{ name: 'Pod-Selector', cell: selector('spec.podSelector.matchLabels') }]),
  'autoscaling/HorizontalPodAutoscaler': plain(autoscalerColumns),
  'rbac.authorization.k8s.io/RoleBinding': plain([roleRef]),
  'rbac.authorization.k8s.io/ClusterRoleBinding': plain([roleRef]),
  'apiextensions.k8s.io/CustomResourceDefinition': plain([
    { name: 'Created At', cell: ({ metadata }) => metadata.creationTimestamp ?? '' },
  ]),
  'policy/PodDisruptionBudget': plain([
    column('Min Available', 'spec.minAvailable', 'N/A'),
    column('Max Unavailable', 'spec.maxUnavailable', 'N/A'),
    count('Allowed Disruptions', 'status.disruptionsAllowed'),
  ]),
  'storage.k8s.io/StorageClass': plain([
    column('Provisioner', 'provisioner'),
    column('ReclaimPolicy', 'reclaimPolicy'),
  ]),
};

/** What `kubectl get` shows of a built-in kind besides name and age. */
export const builtInColumns = (group: string, kind: string, age: Age): Columns =>
  tables[`${group}/${kind}`]?.(age) ?? { before: [], after: [] };
