import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, numberAt, textAt } from '../fields.ts';
import { condition, from, holds, otherwise, phase, type Rule, reported, rules, when } from './rules.ts';

const progressing = (test: (object: KubernetesObject) => boolean, message: string): Rule =>
  when(test, 'Progressing', message);

/** A number, or a string of digits; undefined for the hash that Argo Rollouts before 1.0 wrote here. */
const count = (value: unknown): number | undefined => {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : undefined;
};

const isBehind = (wanted: unknown, seen: unknown): boolean => {
  const [want, saw] = [count(wanted), count(seen)];
  return want !== undefined && saw !== undefined && saw < want;
};

const workloadGeneration = (object: KubernetesObject): unknown =>
  holds(object, 'spec.workloadRef')
    ? object.metadata.annotations?.['rollout.argoproj.io/workload-generation']
    : undefined;

const observed = rules(
  reported(),
  progressing(
    (object) =>
      isBehind(object.metadata.generation, at(object, 'status.observedGeneration')) ||
      isBehind(workloadGeneration(object), at(object, 'status.workloadObservedGeneration')),
    'Waiting for the controller to observe the current spec',
  ),
);

/** Since 1.0 the controller says itself how it stands. */
const byPhase = phase(
  'status.phase',
  { Healthy: ['Healthy'], Degraded: ['Degraded'], Suspended: ['Paused'], Progressing: ['Progressing'] },
  from('status.message'),
);

const wantedReplicas = (object: KubernetesObject): number => numberAt(object, 'spec.replicas', 1);

const stable = (object: KubernetesObject): string =>
  textAt(object, 'status.stableRS') || textAt(object, 'status.canary.stableRS');

/** Before 1.0: by conditions, pauses, replica counts, and whether traffic is on the current pods. */
const byParts = rules(
  condition('InvalidSpec', 'True', 'Degraded'),
  condition('Progressing', 'False', 'Degraded', {
    reasons: ['RolloutAborted', 'ProgressDeadlineExceeded', 'ReplicaSetCreateError'],
  }),
  condition('Progressing', 'True', 'Degraded', { reasons: ['RolloutAborted', 'ProgressDeadlineExceeded'] }),
  when(
    (object) => holds(object, 'spec.paused') || holds(object, 'status.pauseConditions'),
    'Suspended',
    'The rollout is paused',
  ),
  progressing(
    (object) => numberAt(object, 'status.updatedReplicas') < wantedReplicas(object),
    'More replicas need to be updated',
  ),
  rules(
    when(
      (object) => !holds(object, 'spec.strategy.blueGreen') && oldOnes(object),
      'Progressing',
      'Old replicas are still to be terminated',
    ),
    progressing(
      (object) => numberAt(object, 'status.availableReplicas') < numberAt(object, 'status.updatedReplicas'),
      'Updated replicas are not yet available',
    ),
  ),
  progressing(isNotServing, 'Traffic is not yet on the updated replicas'),
  otherwise('Healthy'),
);

function oldOnes(object: KubernetesObject): boolean {
  return numberAt(object, 'status.replicas') > numberAt(object, 'status.updatedReplicas');
}

function isNotServing(object: KubernetesObject): boolean {
  const current = textAt(object, 'status.currentPodHash');
  const serving = holds(object, 'spec.strategy.blueGreen')
    ? textAt(object, 'status.blueGreen.activeSelector')
    : stable(object);
  return serving !== current;
}

/** argoproj.io Rollout. */
export const argoRollout: Rule = rules(observed, byPhase, byParts);
