import type { KubernetesObject } from '../../kubernetes-object.ts';
import { listAt, textAt } from '../fields.ts';
import {
  condition,
  from,
  holds,
  type Kinds,
  messageOf,
  otherwise,
  phase,
  ready,
  reasonOf,
  reported,
  rules,
  suspendedWhen,
  when,
} from './rules.ts';

const last = (object: KubernetesObject, what: string): number => Date.parse(textAt(object, `status.last${what}Time`));

/** Whether the last run that was started has not succeeded since. */
const lastRunFailed = (object: KubernetesObject): boolean => !(last(object, 'Successful') >= last(object, 'Schedule'));

/** A CronJob is at rest between its runs; only a run that ended without success since counts against it. */
const cronJob = rules(
  when((object) => holds(object, 'spec.suspend'), 'Healthy', 'Suspended'),
  when((object) => listAt(object, 'status.active').length > 0, 'Healthy', 'A run is active'),
  when((object) => textAt(object, 'status.lastScheduleTime') === '', 'Healthy', 'Not yet run'),
  when(lastRunFailed, 'Degraded', 'The last run has not succeeded'),
  otherwise('Healthy', 'The last run succeeded'),
);

const podDisruptionBudget = rules(
  condition('DisruptionAllowed', 'False', 'Degraded', { reasons: ['SyncFailed'] }),
  condition('DisruptionAllowed', 'True', 'Healthy', { message: reasonOf }),
  condition('DisruptionAllowed', 'False', 'Healthy', { message: reasonOf }),
  otherwise('Progressing', 'Waiting for the disruption controller'),
);

const customResourceDefinition = rules(
  reported('status.conditions'),
  condition('Terminating', 'True', 'Progressing'),
  condition('NamesAccepted', 'False', 'Degraded'),
  condition('Established', 'True', 'Healthy', { message: () => '' }),
  condition('Established', 'False', 'Degraded'),
  otherwise('Degraded', 'Not established'),
);

const nonStructural = condition('NonStructuralSchema', 'True', 'Degraded');

/** VolumeSnapshot and its content: an error counts until the snapshot is usable. */
const snapshot = rules(
  when((object) => holds(object, 'status.readyToUse'), 'Healthy', 'Ready to use'),
  when((object) => holds(object, 'status.error'), 'Degraded', from('status.error.message')),
  otherwise('Progressing', 'Waiting for the snapshot to be taken'),
);

const deploymentConfig = rules(
  reported('status.conditions'),
  condition('Available', 'False', 'Degraded'),
  condition('Progressing', 'False', 'Degraded'),
  condition('Progressing', 'True', 'Healthy', { reasons: ['NewReplicationControllerAvailable'] }),
  condition('Progressing', 'True', 'Progressing'),
  condition('Progressing', 'Unknown', 'Progressing'),
  condition('Available', 'True', 'Healthy'),
  otherwise('Progressing', 'Waiting for the rollout'),
);

/** A route is as well as the router that admits it least. */
const route = rules(
  when((object) => admitted(object, 'False'), 'Degraded', 'A router refuses the route'),
  when((object) => listAt(object, 'status.ingress').length > 0 && !undecided(object), 'Healthy', 'Admitted'),
  otherwise('Progressing', 'Waiting to be admitted'),
);

const routers = (object: KubernetesObject): string[] =>
  listAt(object, 'status.ingress').map((ingress) => {
    const found = listAt(ingress, 'conditions').find((one) => textAt(one, 'type') === 'Admitted');
    return textAt(found, 'status');
  });

const admitted = (object: KubernetesObject, status: string): boolean => routers(object).includes(status);

const undecided = (object: KubernetesObject): boolean => routers(object).some((status) => status !== 'True');

const ingressController = rules(
  condition('Degraded', 'True', 'Degraded'),
  condition('Progressing', 'True', 'Progressing'),
  condition('Available', 'False', 'Degraded'),
  condition('Available', 'True', 'Healthy'),
  otherwise('Progressing', 'Waiting for the operator'),
);

/** How an operator's Subscription of OLM stands; a manual upgrade that waits for approval is no fault of it. */
const subscription = rules(
  condition('CatalogSourcesUnhealthy', 'True', 'Degraded'),
  condition(/^(InstallPlanMissing|InstallPlanFailed|BundleUnpackFailed|ResolutionFailed)$/, 'True', 'Degraded'),
  when(awaitsApproval, 'Healthy', 'An upgrade waits for approval'),
  condition(/^(InstallPlanPending|BundleUnpacking)$/, 'True', 'Progressing'),
  phase('status.state', { Healthy: ['AtLatestKnown', 'UpgradeAvailable'] }),
  phase('status.state', { Progressing: ['UpgradePending'] }),
  otherwise('Progressing', from('status.state', 'Waiting for the subscription')),
);

function awaitsApproval(object: KubernetesObject): boolean {
  const manual = textAt(object, 'spec.installPlanApproval') === 'Manual';
  return manual && holds(object, 'status.installedCSV') && textAt(object, 'status.state') === 'UpgradePending';
}

const spinApp = rules(
  condition('Progressing', 'False', 'Degraded', { reasons: ['ProgressDeadlineExceeded', 'ReplicaSetCreateError'] }),
  condition('Available', 'True', 'Healthy'),
  condition('Available', 'False', 'Progressing'),
  otherwise('Progressing', 'Waiting for the application'),
);

const spotDeployment = rules(
  suspendedWhen('spec.paused', 'Paused'),
  condition('InvalidSpec', 'True', 'Degraded'),
  condition('Progressing', 'False', 'Degraded', { reasons: ['RolloutAborted', 'ProgressDeadlineExceeded'] }),
  phase(
    'status.phase',
    { Healthy: ['Healthy'], Suspended: ['Paused'], Degraded: ['Degraded', 'Error'] },
    from('status.message'),
  ),
  otherwise('Progressing', from('status.message', 'Waiting for the rollout')),
);

const openfaas = rules(
  condition('Stalled', 'True', 'Degraded'),
  condition('Healthy', 'False', 'Suspended', { message: 'No replica is available' }),
  condition('Ready', 'True', 'Healthy'),
  condition('Ready', 'False', 'Degraded'),
  otherwise('Progressing', 'Waiting for the function'),
);

/** Kinds of Kubernetes itself, OpenShift and small workload operators. */
export const kubernetesKinds: Kinds = {
  'batch/CronJob': cronJob,
  'policy/PodDisruptionBudget': podDisruptionBudget,
  'apiextensions.k8s.io/CustomResourceDefinition': (object) => {
    const health = customResourceDefinition(object);
    return health?.status === 'Healthy' ? (nonStructural(object) ?? health) : health;
  },
  'snapshot.storage.k8s.io/VolumeSnapshot': snapshot,
  'snapshot.storage.k8s.io/VolumeSnapshotContent': snapshot,
  'apps.openshift.io/DeploymentConfig': deploymentConfig,
  'route.openshift.io/Route': route,
  'operator.openshift.io/IngressController': ingressController,
  'operators.coreos.com/Subscription': subscription,
  'core.spinkube.dev/SpinApp': spinApp,
  'spot.io/SpotDeployment': spotDeployment,
  'openfaas.com/Function': openfaas,
  'hnc.x-k8s.io/HierarchyConfiguration': rules(
    condition(/./, 'True', 'Degraded', { message: messageOf }),
    otherwise('Healthy'),
  ),
  'nmstate.io/NodeNetworkConfigurationPolicy': rules(
    condition('Degraded', 'True', 'Degraded', { message: (c) => `${c.reason}: ${c.message}` }),
    condition('Progressing', 'True', 'Progressing', { message: reasonOf }),
    condition('Available', 'True', 'Healthy', { message: (c) => `${c.reason}: ${c.message}` }),
    otherwise('Progressing', 'Waiting for the nodes to be configured'),
  ),
  'addons.cluster.x-k8s.io/ClusterResourceSet': ready('ResourcesApplied'),
};
