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
  const labels = recordOf(at(object, 'spec.template.metadata.labels'));
  fill(spec, 'replicas', 1);
  fill(spec, 'selector', { ...labels });
  if (Object.keys(object.metadata.labels ?? {}).length === 0) fill(object.metadata, 'labels', { ...labels });
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
  fill(spec, 'manualSelector', false);
  fill(spec, 'podReplacementPolicy', 'TerminatingOrFailed');
  defaultPodTemplate(spec);
};

const job: Defaults = (_object, spec) => defaultJobSpec(spec);

const cronJob: Defaults = (_object, spec) => {
  fill(spec, 'concurrencyPolicy', 'Allow');
  fill(spec, 'suspend', false);
  fill(spec, 'successfulJobsHistoryLimit', 3);
  fill(spec, 'failedJobsHistoryLimit', 1);
  if (!isRecord(spec.jobTemplate)) return;
  fill(spec.jobTemplate, 'metadata', {});
  if (isRecord(spec.jobTemplate.spec)) defaultPodTemplate(spec.jobTemplate.spec);
};

/** Limits without requests are requests too: in pods, not in their templates. */
const defaultRequests = (resources: Json): void => {
  if (!isRecord(resources.limits)) return;
  fill(resources, 'requests', {});
  for (const [name, amount] of Object.entries(resources.limits)) fill(recordOf(resources.requests), name, amount);
};

const pod: Defaults = (_object, spec) => {
  defaultPodSpec(spec);
  fill(spec, 'enableServiceLinks', true);
  for (const container of listOf(spec.containers)) defaultRequests(recordOf(recordOf(container).resources));
  if (spec.hostNetwork !== true) return;
  for (const port of listOf(spec.containers).flatMap((container) => listOf(recordOf(container).ports))) {
    if (isRecord(port)) fill(port, 'hostPort', port.containerPort);
  }
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
