import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, conditionsAt, listAt, numberAt, textAt } from '../fields.ts';
import type { HealthStatus } from '../health-status.ts';
import {
  condition,
  from,
  holds,
  type Kinds,
  kinds,
  type Message,
  observed,
  otherwise,
  phase,
  type Rule,
  ready,
  reported,
  rules,
  suspendedWhen,
  when,
} from './rules.ts';

/** What keeps a machine or cluster from being ready, else its phase. */
const notReady: Message = (object) => {
  const found = conditionsAt(object).find((c) => c.type === 'Ready' && c.status === 'False' && c.message);
  return found?.message ?? textAt(object, 'status.phase');
};

/** Cluster API's kinds share the phases; each has its own name for the good one. */
const byPhase = (good: string): Rule =>
  rules(
    suspendedWhen('spec.paused', 'Paused'),
    reported('status.phase'),
    observed(),
    phase('status.phase', { Healthy: [good], Degraded: ['Failed'] }, notReady),
    otherwise('Progressing', notReady),
  );

const machineHealthCheck = rules(
  reported(),
  condition('RemediationAllowed', 'False', 'Degraded'),
  when(
    (object) => numberAt(object, 'status.currentHealthy') < numberAt(object, 'status.expectedMachines'),
    'Degraded',
    '',
  ),
  otherwise('Healthy'),
);

const isUpgrading = (object: KubernetesObject): boolean => {
  const [wanted, running] = [textAt(object, 'spec.version'), textAt(object, 'status.version')];
  return wanted !== '' && running !== '' && !running.replace(/^v/, '').startsWith(wanted.replace(/^v/, ''));
};

const eksControlPlane = rules(
  reported(),
  when((object) => holds(object, 'status.failureMessage'), 'Degraded', from('status.failureMessage')),
  observed(),
  condition('EKSControlPlaneUpdating', 'True', 'Progressing'),
  when(isUpgrading, 'Progressing', 'The control plane is being upgraded'),
  when((object) => at(object, 'status.ready') !== true, 'Progressing', 'The control plane is not ready'),
  condition('Ready', 'True', 'Healthy'),
  otherwise('Progressing', 'The control plane is not ready'),
);

/** Gardener sums a shoot up in a label; a hibernated one is asleep by intent. */
const LABEL = 'shoot.gardener.cloud/status';
const label =
  (value: string) =>
  (object: KubernetesObject): boolean =>
    object.metadata.labels?.[LABEL] === value;
const shoot = rules(
  when(label('healthy'), 'Healthy', 'healthy'),
  when(label('progressing'), 'Progressing', 'progressing'),
  when(label('unhealthy'), 'Degraded', 'unhealthy'),
  when(label('unknown'), 'Unknown', 'unknown'),
  otherwise('Progressing', 'Waiting for Gardener'),
);

/** A node claim comes up in steps; a step that is denied failed, one that is unknown is under way. */
const nodeClaim = rules(
  reported('status.conditions'),
  observed(),
  condition('Disrupting', 'True', 'Suspended'),
  condition('Ready', 'True', 'Healthy'),
  condition('Ready', 'False', 'Degraded'),
  otherwise('Progressing', (object) => `Waiting after: ${steps(object).join(', ') || 'nothing yet'}`),
);

const steps = (object: KubernetesObject): string[] =>
  conditionsAt(object)
    .filter((c) => c.status === 'True')
    .map((c) => c.type);

const FAILED_VM = [
  'CrashLoopBackOff',
  'ErrorUnschedulable',
  'ErrorPvcNotFound',
  'ErrorDataVolumeNotFound',
  'DataVolumeError',
  'ErrImagePull',
  'ImagePullBackOff',
];

const virtualMachine = rules(
  reported('status.printableStatus'),
  phase('status.printableStatus', {
    Healthy: ['Running'],
    Suspended: ['Stopped', 'Paused'],
    Degraded: FAILED_VM,
    Unknown: ['Unknown'],
  }),
  otherwise('Progressing', from('status.printableStatus')),
);

const virtualMachineInstance = rules(
  reported('status.phase'),
  phase('status.phase', { Degraded: ['Failed'], Suspended: ['Succeeded'], Unknown: ['Unknown'] }),
  phase('status.phase', { Progressing: ['Pending', 'Scheduling', 'Scheduled'] }),
  condition('Paused', 'True', 'Suspended'),
  condition('Ready', 'True', 'Healthy', { message: 'Running' }),
  when((object) => conditionsAt(object).some(({ type }) => type === 'Ready'), 'Degraded', notReady),
  otherwise('Progressing', from('status.phase')),
);

const dataVolume = rules(
  reported('status.phase'),
  phase('status.phase', {
    Healthy: ['Succeeded'],
    Degraded: ['Failed'],
    Suspended: ['Paused'],
    Unknown: ['Unknown'],
  }),
  otherwise('Progressing', from('status.phase')),
);

/** Karmada: scheduled to clusters, applied on each, and well on each; a kind without health counts when applied. */
const binding = rules(
  condition('Scheduled', 'False', 'Progressing'),
  when((object) => listAt(object, 'spec.clusters').length === 0, 'Progressing', 'Not yet scheduled to a cluster'),
  when(
    (object) => listAt(object, 'status.aggregatedStatus').length < listAt(object, 'spec.clusters').length,
    'Progressing',
    'Not every cluster has reported',
  ),
  when(
    (object) => listAt(object, 'status.aggregatedStatus').some(isUnwell),
    'Degraded',
    (object) => `Not healthy on ${unwell(object).join(', ')}`,
  ),
  otherwise('Healthy'),
);

function isUnwell(item: unknown): boolean {
  const health = textAt(item, 'health');
  return health === 'Unhealthy' || (health !== 'Healthy' && at(item, 'applied') !== true);
}

const unwell = (object: KubernetesObject): string[] =>
  listAt(object, 'status.aggregatedStatus')
    .filter(isUnwell)
    .map((item) => textAt(item, 'clusterName'));

const ISTIO: Readonly<Record<string, HealthStatus>> = {
  NONE: 'Unknown',
  UPDATING: 'Progressing',
  RECONCILING: 'Progressing',
  HEALTHY: 'Healthy',
  ERROR: 'Degraded',
};

/** Written as a name or as its number. */
const istioState = (object: KubernetesObject): string => {
  const state = at(object, 'status.status');
  return typeof state === 'number' ? (Object.keys(ISTIO)[state] ?? '') : textAt(object, 'status.status');
};

const istioOperator: Rule = (object) => {
  const state = istioState(object);
  return { status: ISTIO[state] ?? 'Progressing', message: state || 'Waiting for the control plane' };
};

/** Clusters, machines, nodes and virtual machines. */
export const machineKinds: Kinds = {
  'cluster.x-k8s.io/Cluster': byPhase('Provisioned'),
  ...kinds('cluster.x-k8s.io', ['Machine', 'MachineDeployment', 'MachinePool', 'MachineSet'], byPhase('Running')),
  'cluster.x-k8s.io/MachineHealthCheck': machineHealthCheck,
  'controlplane.cluster.x-k8s.io/AWSManagedControlPlane': eksControlPlane,
  'core.gardener.cloud/Shoot': shoot,
  'karpenter.sh/NodeClaim': nodeClaim,
  'karpenter.sh/NodePool': rules(observed(), ready()),
  'karpenter.k8s.aws/EC2NodeClass': rules(observed(), ready()),
  'kubevirt.io/VirtualMachine': virtualMachine,
  'kubevirt.io/VirtualMachineInstance': virtualMachineInstance,
  'cdi.kubevirt.io/DataVolume': dataVolume,
  'install.istio.io/IstioOperator': istioOperator,
  ...kinds('work.karmada.io', ['ClusterResourceBinding', 'ResourceBinding'], binding),
};
