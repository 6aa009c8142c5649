import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, listAt, numberAt, textAt } from '../fields.ts';
import {
  from,
  holds,
  type Kinds,
  observed,
  otherwise,
  phase,
  type Rule,
  reported,
  rules,
  suspendedWhen,
  when,
} from './rules.ts';

const strategy = (object: KubernetesObject, field: string): unknown =>
  at(object, `spec.updateStrategy.rollingUpdate.${field}`) ?? at(object, `spec.updateStrategy.${field}`);

const paused: Rule = when((object) => strategy(object, 'paused') === true, 'Suspended', 'Paused');

/** How many are updated: each kind counts them under another name. */
const updatedCount = (object: KubernetesObject): number =>
  Math.max(
    ...['updatedReplicas', 'updatedReadyReplicas', 'updatedAvailableReplicas', 'updatedNumberScheduled'].map((field) =>
      numberAt(object, `status.${field}`),
    ),
  );

/** How many the partition lets be updated; undefined where there is none. It may be a number or a share of all. */
const allowed = (object: KubernetesObject, total: number): number | undefined => {
  const partition = strategy(object, 'partition');
  const share = typeof partition === 'string' && partition.endsWith('%') ? Number.parseInt(partition, 10) / 100 : 0;
  const held = typeof partition === 'number' ? partition : Math.ceil(share * total);
  return held > 0 ? numberAt(object, 'status.expectedUpdatedReplicas', total - held) : undefined;
};

/** A partition that has been reached holds the rest back until someone lowers it. */
const heldByPartition = (total: string): Rule =>
  when(
    (object) => updatedCount(object) >= (allowed(object, numberAt(object, total)) ?? Infinity),
    'Suspended',
    'The partition is reached; the rest waits for a person',
  );

/** CloneSet and StatefulSet: every replica updated and available, or not. */
const replicated = rules(
  reported('status.observedGeneration'),
  observed(),
  paused,
  heldByPartition('status.replicas'),
  when(
    (object) => numberAt(object, 'status.updatedAvailableReplicas') >= numberAt(object, 'status.replicas'),
    'Healthy',
    'All replicas are updated and available',
  ),
  otherwise('Degraded', 'Some replicas are not updated and available'),
);

const daemonSet = rules(
  reported('status.observedGeneration'),
  observed(),
  paused,
  heldByPartition('status.desiredNumberScheduled'),
  when(everywhere, 'Healthy', 'Every node has an updated, available pod'),
  when(nowhere, 'Degraded', 'No pod is available'),
  otherwise('Progressing', 'Some pods are not updated and available'),
);

function nowhere(object: KubernetesObject): boolean {
  const desired = numberAt(object, 'status.desiredNumberScheduled');
  const unavailable = numberAt(object, 'status.numberUnavailable');
  return unavailable >= desired && numberAt(object, 'status.updatedNumberScheduled') >= desired;
}

function everywhere(object: KubernetesObject): boolean {
  const desired = numberAt(object, 'status.desiredNumberScheduled');
  const available = numberAt(object, 'status.numberAvailable');
  return available >= desired && numberAt(object, 'status.updatedNumberScheduled') >= desired;
}

const advancedCronJob = rules(
  reported(),
  when((object) => holds(object, 'spec.paused'), 'Suspended', 'Paused'),
  when((object) => listAt(object, 'status.active').length > 0, 'Progressing', 'A run is active'),
  when((object) => !holds(object, 'status.lastScheduleTime'), 'Degraded', 'Never run'),
  otherwise('Healthy', 'The last run was started'),
);

const broadcastJob = rules(
  phase('status.phase', {
    Healthy: ['completed'],
    Degraded: ['failed'],
    Suspended: ['paused'],
    Progressing: ['running'],
  }),
  otherwise('Progressing', 'Waiting for the job to start'),
);

const rollout = rules(
  reported('status.observedGeneration'),
  observed(),
  phase('status.phase', { Degraded: ['Disabled', 'Terminating', 'Disabling'] }),
  suspendedWhen('spec.strategy.paused', 'Paused'),
  when(isPausedStep, 'Suspended', from('status.message', 'The step waits for a person')),
  phase('status.phase', { Healthy: ['Healthy'], Suspended: ['Paused'], Progressing: ['Initial', 'Progressing'] }),
  otherwise('Progressing', from('status.message', 'Waiting for the rollout')),
);

function isPausedStep(object: KubernetesObject): boolean {
  if (textAt(object, 'status.phase') !== 'Progressing') return false;
  return ['canaryStatus', 'blueGreenStatus'].some(
    (part) => textAt(object, `status.${part}.currentStepState`) === 'StepPaused',
  );
}

const gameServer = rules(
  reported('status.currentState'),
  phase('status.currentState', { Degraded: ['NotReady', 'Failed', 'Crash'] }),
  when(
    (object) => textAt(object, 'status.currentState') === textAt(object, 'status.desiredState'),
    'Healthy',
    from('status.currentState'),
  ),
  otherwise(
    'Progressing',
    (object) => `${textAt(object, 'status.currentState')}, to become ${textAt(object, 'status.desiredState')}`,
  ),
);

const gameServerSet = rules(
  reported('status.observedGeneration'),
  observed(),
  paused,
  heldByPartition('spec.replicas'),
  when(
    (object) => numberAt(object, 'status.readyReplicas') >= numberAt(object, 'spec.replicas'),
    'Healthy',
    'All replicas are ready',
  ),
  otherwise(
    'Progressing',
    (object) => `${numberAt(object, 'status.readyReplicas')} of ${numberAt(object, 'spec.replicas')} replicas ready`,
  ),
);

/** OpenKruise: workloads, rollouts and game servers. */
export const kruiseKinds: Kinds = {
  'apps.kruise.io/CloneSet': replicated,
  'apps.kruise.io/StatefulSet': replicated,
  'apps.kruise.io/DaemonSet': daemonSet,
  'apps.kruise.io/AdvancedCronJob': advancedCronJob,
  'apps.kruise.io/BroadcastJob': broadcastJob,
  'rollouts.kruise.io/Rollout': rollout,
  'game.kruise.io/GameServer': gameServer,
  'game.kruise.io/GameServerSet': gameServerSet,
};
