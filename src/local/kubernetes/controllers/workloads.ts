import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { nodeName } from '../bootstrap.ts';
import type { Json } from '../json.ts';
import { at, listOf, recordOf, textOf } from '../json.ts';
import type { WriteDeps } from '../writes/deps.ts';
import { timeText } from '../writes/deps.ts';
import { shallFail } from './annotations.ts';
import { conditionsOf, withoutZeros } from './conditions.ts';
import { makeObject, writeAsController, writeStatus } from './controller-writes.ts';
import { mostPods, playPods, podStatus, removePods, shortHash } from './pods.ts';

const numberAt = (object: KubernetesObject, path: string, absent: number): number => {
  const value = at(object, path);
  return typeof value === 'number' ? value : absent;
};

/** Pods do not change their template: those of another one are made anew. */
const renewPods = (deps: WriteDeps, object: KubernetesObject, revision: string, path: string): void => {
  const before = textOf(at(object, path));
  if (before !== '' && before !== revision) removePods(deps, object);
};

const claimNames = (object: KubernetesObject): string[] =>
  listOf(at(object, 'spec.volumeClaimTemplates')).map((claim) => textOf(at(claim, 'metadata.name')));

/** A StatefulSet's claims for its pods. */
const makeClaims = (deps: WriteDeps, object: KubernetesObject, pods: readonly string[]): void => {
  for (const claim of listOf(at(object, 'spec.volumeClaimTemplates')).map(recordOf)) {
    const metadata = recordOf(claim.metadata);
    for (const pod of pods) {
      const body = { metadata: { ...metadata, name: `${textOf(metadata.name)}-${pod}` }, spec: claim.spec };
      makeObject(deps, '/persistentvolumeclaims', body, object.metadata.namespace ?? '');
    }
  }
};

/** The template of one pod, with its claims as volumes. */
const templateWithClaims = (object: KubernetesObject, pod: string): Json => {
  const template = recordOf(at(object, 'spec.template'));
  const spec = recordOf(template.spec);
  const volumes = claimNames(object).map((name) => ({ name, persistentVolumeClaim: { claimName: `${name}-${pod}` } }));
  return volumes.length === 0
    ? template
    : { ...template, spec: { ...spec, volumes: [...volumes, ...listOf(spec.volumes)] } };
};

/** Plays a StatefulSet: its claims, pods and status. */
export const settleStatefulSet = (deps: WriteDeps, object: KubernetesObject): void => {
  const { name = '', generation } = object.metadata;
  const failing = shallFail(object);
  const replicas = numberAt(object, 'spec.replicas', 1);
  const revision = `${name}-${shortHash(at(object, 'spec.template'), 10)}`;
  renewPods(deps, object, revision, 'status.updateRevision');
  const first = numberAt(object, 'spec.ordinals.start', 0);
  const pods = Array.from({ length: Math.min(replicas, mostPods) }, (_, index) => `${name}-${first + index}`);
  makeClaims(deps, object, pods);
  playPods(deps, object, pods, failing ? 'crashing' : 'running', (pod) => templateWithClaims(object, pod));
  const ready = failing ? 0 : replicas;
  writeStatus(deps, 'apps/statefulsets', object, {
    observedGeneration: generation,
    replicas,
    ...withoutZeros({ readyReplicas: ready, currentReplicas: replicas, updatedReplicas: replicas }),
    availableReplicas: ready,
    currentRevision: revision,
    updateRevision: revision,
    collisionCount: 0,
  });
};

/** Plays a DaemonSet: a pod on the one node. */
export const settleDaemonSet = (deps: WriteDeps, object: KubernetesObject): void => {
  const failing = shallFail(object);
  const { name, generation, uid } = object.metadata;
  const observed = numberAt(object, 'status.observedGeneration', 0);
  if (observed > 0 && observed !== generation) removePods(deps, object);
  playPods(deps, object, [`${name}-${shortHash([uid, nodeName], 5)}`], failing ? 'crashing' : 'running');
  const ready = failing ? 0 : 1;
  writeStatus(deps, 'apps/daemonsets', object, {
    currentNumberScheduled: 1,
    numberMisscheduled: 0,
    desiredNumberScheduled: 1,
    numberReady: ready,
    observedGeneration: generation,
    updatedNumberScheduled: 1,
    ...withoutZeros({ numberAvailable: ready, numberUnavailable: 1 - ready }),
  });
};

const jobConditions = (object: KubernetesObject, failing: boolean, now: string): Json[] => {
  const done = failing
    ? { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
    : { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
  const types = failing ? ['FailureTarget', 'Failed'] : ['SuccessCriteriaMet', 'Complete'];
  const conditions = types.map((type) => ({ type, status: 'True' as const, ...done }));
  return conditionsOf(object, now, conditions, ['lastProbeTime']);
};

const isFinished = (object: KubernetesObject): boolean =>
  listOf(at(object, 'status.conditions')).some((one) => ['Complete', 'Failed'].includes(textOf(recordOf(one).type)));

/** Plays a Job: a pod for each completion that ended, and the conditions that say so. */
export const settleJob = (deps: WriteDeps, object: KubernetesObject): void => {
  if (isFinished(object)) return;
  const now = timeText(deps.clock());
  const { name, uid } = object.metadata;
  if (at(object, 'spec.suspend') === true) {
    const suspended = { type: 'Suspended', status: 'True' as const, reason: 'JobSuspended', message: 'Job suspended' };
    return writeStatus(deps, 'batch/jobs', object, { conditions: conditionsOf(object, now, [suspended]) });
  }
  const failing = shallFail(object);
  const completions = numberAt(object, 'spec.completions', 1);
  const names = Array.from({ length: completions }, (_, index) => `${name}-${shortHash([uid, index], 5)}`);
  playPods(deps, object, names, failing ? 'failed' : 'succeeded');
  writeStatus(deps, 'batch/jobs', object, {
    conditions: jobConditions(object, failing, now),
    startTime: at(object, 'status.startTime') ?? now,
    ...(failing
      ? { failed: numberAt(object, 'spec.backoffLimit', 6) + 1 }
      : { completionTime: now, succeeded: completions }),
    terminating: 0,
    uncountedTerminatedPods: {},
    ready: 0,
  });
};

/** Plays a pod of its own: it runs, or ends where its restart policy lets it. */
export const settlePod = (deps: WriteDeps, object: KubernetesObject): void => {
  const ends = at(object, 'spec.restartPolicy') !== 'Always';
  const failing = shallFail(object);
  const end = failing ? (ends ? 'failed' : 'crashing') : ends ? 'succeeded' : 'running';
  const spec = { ...recordOf(object.spec), nodeName: at(object, 'spec.nodeName') ?? nodeName };
  writeAsController(deps, '/pods', object, { ...object, spec, status: podStatus(object, end, deps.clock()) });
};
