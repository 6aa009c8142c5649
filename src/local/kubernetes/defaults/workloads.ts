import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { Json } from '../json.ts';
import { at, fill, isRecord, listOf, recordOf } from '../json.ts';
import { defaultPodSpec, defaultPodTemplate } from './pod-spec.ts';

/** Changes an object in place; `spec` is its spec, {} where there is none. */
export type Defaults = (object: KubernetesObject, spec: Json) => void;

const rolling = (strategy: Json, values: Json): void => {
  fill(strategy, 'type', 'RollingUpdate');
  if (strategy.type !== 'RollingUpdate') return;
  fill(strategy, 'rollingUpdate', {});
  for (const [name, value] of Object.entries(values)) fill(recordOf(strategy.rollingUpdate), name, value);
};

const deployment: Defaults = (_object, spec) => {
  fill(spec, 'replicas', 1);
  fill(spec, 'strategy', {});
  rolling(recordOf(spec.strategy), { maxUnavailable: '25%', maxSurge: '25%' });
  fill(spec, 'revisionHistoryLimit', 10);
  fill(spec, 'progressDeadlineSeconds', 600);
  defaultPodTemplate(spec);
};

const replicaSet: Defaults = (_object, spec) => {
  fill(spec, 'replicas', 1);
  defaultPodTemplate(spec);
};

const replicationController: Defaults = (object, spec) => {
  fill(spec, 'replicas', 1);
  fill(spec, 'selector', at(object, 'spec.template.metadata.labels') ?? {});
  defaultPodTemplate(spec);
};

const defaultClaim = (claim: Json): void => {
  fill(claim, 'status', { phase: 'Pending' });
  fill(claim, 'apiVersion', 'v1');
  fill(claim, 'kind', 'PersistentVolumeClaim');
  if (isRecord(claim.spec)) fill(claim.spec, 'volumeMode', 'Filesystem');
};

const statefulSet: Defaults = (_object, spec) => {
  fill(spec, 'replicas', 1);
  fill(spec, 'podManagementPolicy', 'OrderedReady');
  fill(spec, 'updateStrategy', {});
  rolling(recordOf(spec.updateStrategy), { partition: 0 });
  fill(spec, 'revisionHistoryLimit', 10);
  fill(spec, 'persistentVolumeClaimRetentionPolicy', { whenDeleted: 'Retain', whenScaled: 'Retain' });
  for (const claim of listOf(spec.volumeClaimTemplates).filter(isRecord)) defaultClaim(claim);
  defaultPodTemplate(spec);
};

const daemonSet: Defaults = (_object, spec) => {
  fill(spec, 'updateStrategy', {});
  rolling(recordOf(spec.updateStrategy), { maxUnavailable: 1, maxSurge: 0 });
  fill(spec, 'revisionHistoryLimit', 10);
  defaultPodTemplate(spec);
};

const defaultJobSpec = (spec: Json): void => {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  fill(spec, 'parallelism', 1);
  fill(spec, 'backoffLimit', 6);
  fill(spec, 'completionMode', 'NonIndexed');
  fill(spec, 'suspend', false);
  fill(spec, 'podReplacementPolicy', 'TerminatingOrFailed');
  defaultPodTemplate(spec);
};

/** A new Job selects its pods by its own uid and labels them so. */
const job: Defaults = (object, spec) => {
  defaultJobSpec(spec);
  const { uid, name } = object.metadata;
  if (spec.manualSelector === true || spec.selector !== undefined || !uid || !isRecord(spec.template)) return;
  spec.selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
  fill(spec.template, 'metadata', {});
  const metadata = recordOf(spec.template.metadata);
  metadata.labels = {
    ...recordOf(metadata.labels),
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
};

const cronJob: Defaults = (_object, spec) => {
  fill(spec, 'concurrencyPolicy', 'Allow');
  fill(spec, 'suspend', false);
  fill(spec, 'successfulJobsHistoryLimit', 3);
  fill(spec, 'failedJobsHistoryLimit', 1);
  const jobSpec = recordOf(spec.jobTemplate).spec;
  if (!isRecord(jobSpec)) return;
  defaultPodTemplate(jobSpec);
};

const pod: Defaults = (object, spec) => {
  defaultPodSpec(spec);
  fill(spec, 'enableServiceLinks', true);
  fill(spec, 'serviceAccountName', 'default');
  fill(spec, 'serviceAccount', spec.serviceAccountName);
  fill(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  fill(spec, 'priority', 0);
  fill(object, 'status', { phase: 'Pending', qosClass: 'BestEffort' });
};

/** By `group/Kind`. */
export const workloadDefaults: Readonly<Record<string, Defaults>> = {
  'apps/Deployment': deployment,
  'apps/ReplicaSet': replicaSet,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'batch/Job': job,
  'batch/CronJob': cronJob,
  '/Pod': pod,
  '/ReplicationController': replicationController,
};
