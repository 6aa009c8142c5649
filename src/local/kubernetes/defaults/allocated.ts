import { createHash } from 'node:crypto';
import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { Json } from '../json.ts';
import { at, equal, fill, isRecord, listOf, recordOf } from '../json.ts';

type Allocate = (object: KubernetesObject, spec: Json, before: KubernetesObject | undefined) => void;

/** An address in 10.96.0.0/12 by the Service's name: what a real cluster allocates, without its bookkeeping. */
const clusterIP = ({ metadata }: KubernetesObject): string => {
  const [a = 0, b = 0, c = 0] = createHash('sha256').update(`${metadata.namespace}/${metadata.name}`).digest();
  return `10.${96 + (a % 16)}.${b}.${1 + (c % 254)}`;
};

const nodePort = ({ metadata }: KubernetesObject, index: number): number => {
  const digest = createHash('sha256').update(`${metadata.namespace}/${metadata.name}/${index}`).digest();
  return 30_000 + (digest.readUInt16BE(0) % 2_768);
};

const service: Allocate = (object, spec, before) => {
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') {
    for (const [index, port] of listOf(spec.ports).entries()) {
      if (isRecord(port)) fill(port, 'nodePort', nodePort(object, index));
    }
  }
  if (spec.type === 'ExternalName') return;
  const old = recordOf(before?.spec);
  if (spec.clusterIP === undefined || spec.clusterIP === '') spec.clusterIP = old.clusterIP ?? clusterIP(object);
  fill(spec, 'clusterIPs', [spec.clusterIP]);
  fill(spec, 'ipFamilies', ['IPv4']);
  fill(spec, 'ipFamilyPolicy', 'SingleStack');
};

/** A new Job selects its pods by its own uid and labels them so. */
const job: Allocate = (object, spec, before) => {
  const { uid, name } = object.metadata;
  if (before || spec.manualSelector === true || spec.selector !== undefined || !isRecord(spec.template)) return;
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
  object.metadata.labels ??= Object.fromEntries(
    Object.entries(recordOf(metadata.labels)).map(([key, value]) => [key, String(value)]),
  );
};

const unhealthyNode = (condition: string): Json => ({
  key: `node.kubernetes.io/${condition}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
});

const pod: Allocate = (object, spec, before) => {
  fill(spec, 'serviceAccountName', 'default');
  fill(spec, 'serviceAccount', spec.serviceAccountName);
  fill(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  fill(spec, 'priority', 0);
  if (!before) {
    const given = listOf(spec.tolerations);
    const missing = ['not-ready', 'unreachable'].filter(
      (condition) => !given.some((one) => at(one, 'key') === `node.kubernetes.io/${condition}`),
    );
    spec.tolerations = [...given, ...missing.map(unhealthyNode)];
  }
  fill(object, 'status', { phase: 'Pending', qosClass: 'BestEffort' });
};

/** Protection is never in the way here: deleting drops it. */
const protectedBy =
  (finalizer: string): Allocate =>
  (object, _spec, before) => {
    if (!before) object.metadata.finalizers = [...new Set([...(object.metadata.finalizers ?? []), finalizer])];
  };

const templateGeneration = 'deprecated.daemonset.template.generation';

const daemonSet: Allocate = (object, _spec, before) => {
  const old = Number(before?.metadata.annotations?.[templateGeneration] ?? 0);
  const isSame = before !== undefined && equal(at(before, 'spec.template'), at(object, 'spec.template'));
  const annotations = { ...object.metadata.annotations, [templateGeneration]: String(isSame ? old : old + 1) };
  object.metadata.annotations = annotations;
};

const allocations: Readonly<Record<string, Allocate>> = {
  '/Service': service,
  '/Pod': pod,
  'batch/Job': job,
  'apps/DaemonSet': daemonSet,
  '/PersistentVolumeClaim': protectedBy('kubernetes.io/pvc-protection'),
  '/PersistentVolume': protectedBy('kubernetes.io/pv-protection'),
};

/**
 * Fills in, in place, what a real cluster's allocators and admission add after a request's fields have got their owner:
 * nobody owns it. Not played: the projected volume of a pod's service account token.
 */
export const fillAllocated = (group: string, object: KubernetesObject, before: KubernetesObject | undefined): void => {
  allocations[`${group}/${object.kind}`]?.(object, isRecord(object.spec) ? object.spec : {}, before);
};
