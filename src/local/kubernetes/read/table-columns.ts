import { at, listOf } from '../json.ts';
import type { Column, Columns } from './table-cells.ts';
import { column, count, ready, selected, selector, text, wide, workload } from './table-cells.ts';
import type { Age } from './table-kinds.ts';
import {
  autoscalerColumns,
  claimColumns,
  eventColumns,
  ingressColumns,
  jobColumns,
  keyCount,
  nodeColumns,
  podColumns,
  roleRef,
  serviceColumns,
} from './table-kinds.ts';

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
