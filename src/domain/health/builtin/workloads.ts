import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, conditionsAt, listAt, numberAt, textAt } from '../fields.ts';
import type { Health } from '../health-status.ts';

const healthy = (message = ''): Health => ({ status: 'Healthy', message });
const progressing = (message: string): Health => ({ status: 'Progressing', message });
const degraded = (message: string): Health => ({ status: 'Degraded', message });

const unobserved = (object: KubernetesObject): boolean =>
  numberAt(object, 'metadata.generation') > numberAt(object, 'status.observedGeneration');

/** The wanted replicas; undefined where the field is unset, as only the API server's default fills it. */
const wanted = (object: KubernetesObject): number | undefined => {
  const replicas = at(object, 'spec.replicas');
  return typeof replicas === 'number' ? replicas : undefined;
};

/** apps/v1 Deployment: paused, observed, deadline, then how far the new replicas have come. */
export const deployment = (object: KubernetesObject): Health => {
  if (at(object, 'spec.paused') === true) return { status: 'Suspended', message: 'Deployment is paused' };
  if (unobserved(object)) return progressing('Waiting for the controller to observe the new spec');
  const late = conditionsAt(object).find((c) => c.type === 'Progressing' && c.reason === 'ProgressDeadlineExceeded');
  if (late) return degraded(late.message || `Deployment ${object.metadata.name ?? ''} exceeded its progress deadline`);
  const replicas = wanted(object);
  const updated = numberAt(object, 'status.updatedReplicas');
  const total = numberAt(object, 'status.replicas');
  const available = numberAt(object, 'status.availableReplicas');
  if (replicas !== undefined && updated < replicas) return progressing(`${updated} of ${replicas} replicas updated`);
  if (total > updated) return progressing(`${total - updated} old replicas still to be terminated`);
  if (available < updated) return progressing(`${available} of ${updated} updated replicas available`);
  return healthy();
};

/** apps/v1 StatefulSet: observed, ready, then by its update strategy. */
export const statefulSet = (object: KubernetesObject): Health => {
  if (numberAt(object, 'status.observedGeneration') === 0 || unobserved(object))
    return progressing('Waiting for the controller to observe the new spec');
  const replicas = wanted(object);
  const ready = numberAt(object, 'status.readyReplicas');
  if (replicas !== undefined && ready < replicas) return progressing(`${ready} of ${replicas} replicas ready`);
  const strategy = textAt(object, 'spec.updateStrategy.type');
  if (strategy === 'RollingUpdate' && at(object, 'spec.updateStrategy.rollingUpdate') !== undefined)
    return partitioned(object, replicas);
  if (strategy === 'OnDelete') return healthy(`${ready} replicas ready; updates happen on deletion`);
  const revision = textAt(object, 'status.updateRevision');
  if (revision !== textAt(object, 'status.currentRevision'))
    return progressing(`${numberAt(object, 'status.updatedReplicas')} replicas at revision ${revision}`);
  return healthy();
};

/** A rolling update only has to reach the replicas above its partition. */
const partitioned = (object: KubernetesObject, replicas: number | undefined): Health => {
  const partition = at(object, 'spec.updateStrategy.rollingUpdate.partition');
  if (replicas === undefined || typeof partition !== 'number') return healthy();
  const updated = numberAt(object, 'status.updatedReplicas');
  const target = replicas - partition;
  return updated < target ? progressing(`${updated} of ${target} replicas above the partition updated`) : healthy();
};

/** apps/v1 DaemonSet: observed, updated, available on every node it is for; OnDelete is never waited for. */
export const daemonSet = (object: KubernetesObject): Health => {
  if (unobserved(object)) return progressing('Waiting for the controller to observe the new spec');
  if (textAt(object, 'spec.updateStrategy.type') === 'OnDelete') return healthy('Updates happen on deletion');
  const desired = numberAt(object, 'status.desiredNumberScheduled');
  const updated = numberAt(object, 'status.updatedNumberScheduled');
  if (updated < desired) return progressing(`${updated} of ${desired} nodes have the updated pod`);
  const available = numberAt(object, 'status.numberAvailable');
  if (available < desired) return progressing(`${available} of ${desired} pods available`);
  return healthy();
};

/** apps/v1 ReplicaSet: observed, no creation failure, available. */
export const replicaSet = (object: KubernetesObject): Health => {
  if (unobserved(object)) return progressing('Waiting for the controller to observe the new spec');
  const failure = conditionsAt(object).find((c) => c.type === 'ReplicaFailure' && c.status === 'True');
  if (failure) return degraded(failure.message);
  const replicas = wanted(object);
  const available = numberAt(object, 'status.availableReplicas');
  if (replicas !== undefined && available < replicas)
    return progressing(`${available} of ${replicas} replicas available`);
  return healthy();
};

/**
 * batch/v1 Job: the presence of a Failed or Complete condition decides, whatever its status; so does a Suspended one,
 * except that `True` means suspended. Argo CD's rule, kept although a resumed Job counts as healthy by it.
 */
export const job = (object: KubernetesObject): Health => {
  const conditions = conditionsAt(object);
  const failed = conditions.find((c) => c.type === 'Failed');
  if (failed) return degraded(failed.message);
  const suspended = conditions.find((c) => c.type === 'Suspended');
  const last = conditions.findLast((c) => c.type === 'Complete' || c.type === 'Suspended');
  if (!last) return progressing('Waiting for the Job to complete');
  return suspended?.status === 'True' ? { status: 'Suspended', message: last.message } : healthy(last.message);
};

/** argoproj.io Workflow by its phase; the message is the workflow's own. */
export const workflow = (object: KubernetesObject): Health => {
  const message = textAt(object, 'status.message');
  switch (textAt(object, 'status.phase')) {
    case '':
    case 'Pending':
    case 'Running':
      return progressing(message);
    case 'Succeeded':
      return healthy(message);
    case 'Failed':
    case 'Error':
      return degraded(message);
    default:
      return { status: 'Unknown', message };
  }
};

const STOPPED = /^Err|Error$|BackOff$/;

/** v1 Pod. A pod that is to end (OnFailure, Never) progresses while it runs; one that is to stay must get ready. */
export const pod = (object: KubernetesObject): Health => {
  const stays = staysUp(object);
  const statuses = listAt(object, 'status.containerStatuses');
  const stuck = statuses.filter((status) => STOPPED.test(textAt(status, 'state.waiting.reason')));
  if (stays && stuck.length > 0) return degraded(stuck.map(waitingText).join(', '));
  const message = textAt(object, 'status.message');
  switch (textAt(object, 'status.phase')) {
    case 'Pending':
      return progressing(message);
    case 'Succeeded':
      return healthy(message);
    case 'Failed':
      return degraded(message || failureText(statuses));
    case 'Running':
      return stays ? running(object, statuses) : progressing(message);
    default:
      return { status: 'Unknown', message };
  }
};

/**
 * Whether the pod should keep running. `ignore-restart-policy` says so of a pod with another restart policy, but not of
 * a hook, which must end for its phase to end.
 */
const staysUp = (object: KubernetesObject): boolean => {
  if (textAt(object, 'spec.restartPolicy') === 'Always') return true;
  const annotations = object.metadata.annotations ?? {};
  const hook = 'argocd.argoproj.io/hook' in annotations || 'helm.sh/hook' in annotations;
  return !hook && annotations['argocd.argoproj.io/ignore-restart-policy'] === 'true';
};

const running = (object: KubernetesObject, statuses: unknown[]): Health => {
  const message = textAt(object, 'status.message');
  if (conditionsAt(object).some((c) => c.type === 'Ready' && c.status === 'True')) return healthy(message);
  const ended = statuses.some((status) => at(status, 'lastState.terminated') !== undefined);
  return ended ? degraded(message || failureText(statuses)) : progressing(message);
};

const waitingText = (status: unknown): string =>
  textAt(status, 'state.waiting.message') || textAt(status, 'state.waiting.reason');

/** What the containers that ended say: message, reason or exit code of the first that failed. */
const failureText = (statuses: unknown[]): string => {
  for (const status of statuses) {
    for (const state of [at(status, 'state.terminated'), at(status, 'lastState.terminated')]) {
      if (state === undefined) continue;
      const said = textAt(state, 'message') || textAt(state, 'reason');
      if (said && said !== 'Completed') return `container ${textAt(status, 'name')}: ${said}`;
      const code = numberAt(state, 'exitCode');
      if (code !== 0) return `container ${textAt(status, 'name')} ended with exit code ${code}`;
    }
  }
  return '';
};
