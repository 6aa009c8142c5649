import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { at, isRecord, listOf, recordOf, textOf } from '../json.ts';
import type { Column, Columns } from './table-cells.ts';
import { column, count, number, selected, selector, text, wide, workload } from './table-cells.ts';

const podStatus = (object: KubernetesObject): string => {
  if (object.metadata.deletionTimestamp) return 'Terminating';
  for (const status of listOf(at(object, 'status.containerStatuses'))) {
    const reason = textOf(at(status, 'state.waiting.reason')) || textOf(at(status, 'state.terminated.reason'));
    if (reason) return reason;
  }
  return text('status.reason')(object) || text('status.phase', 'Unknown')(object);
};

/** Columns of `kubectl get pods`. */
export const podColumns = (): Columns => {
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

/** Columns of `kubectl get services`. */
export const serviceColumns = (): Columns => ({
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

/** Columns of `kubectl get ingresses`. */
export const ingressColumns = (): Columns => ({
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

export type Age = (from: string | undefined) => string;

/** Columns of `kubectl get jobs`. */
export const jobColumns = (): Columns => ({
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

/** How many keys an object’s field has, as a cell. */
export const keyCount = (field: string): Column => ({
  name: 'Data',
  type: 'integer',
  cell: (object) =>
    Object.keys(recordOf(object[field])).length +
    (field === 'data' ? Object.keys(recordOf(object.binaryData)).length : 0),
});

export const claimColumns: Column[] = [
  column('Status', 'status.phase'),
  column('Volume', 'spec.volumeName'),
  { name: 'Capacity', cell: text('status.capacity.storage') },
  { name: 'Access Modes', cell: (object) => listOf(at(object, 'spec.accessModes')).map(shortMode).join(',') },
  column('StorageClass', 'spec.storageClassName'),
];

const shortMode = (mode: unknown): string => textOf(mode).replace(/[a-z]/g, '');

export const nodeColumns: Column[] = [
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

/** Columns of `kubectl get events`. */
export const eventColumns = (age: Age): Columns => ({
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

export const autoscalerColumns: Column[] = [
  {
    name: 'Reference',
    cell: (object) => `${text('spec.scaleTargetRef.kind')(object)}/${text('spec.scaleTargetRef.name')(object)}`,
  },
  { name: 'Targets', cell: () => '<unknown>' },
  count('MinPods', 'spec.minReplicas'),
  count('MaxPods', 'spec.maxReplicas'),
  count('Replicas', 'status.currentReplicas'),
];

export const roleRef: Column = {
  name: 'Role',
  cell: (object) => (isRecord(object.roleRef) ? `${textOf(object.roleRef.kind)}/${textOf(object.roleRef.name)}` : ''),
};
