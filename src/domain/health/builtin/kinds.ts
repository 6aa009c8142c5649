import { type KubernetesObject, parseApiVersion } from '../../kubernetes-object.ts';
import { conditionsAt, listAt, textAt } from '../fields.ts';
import type { Health } from '../health-status.ts';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';
import { daemonSet, deployment, job, pod, replicaSet, statefulSet, workflow } from './workloads.ts';

/** The rule of one built-in kind; `versions` absent: any. */
interface BuiltinKind {
  versions?: readonly string[];
  assess: (object: KubernetesObject) => Health;
}

/** v1 Service: only a load balancer is waited for. */
const service = (object: KubernetesObject): Health =>
  textAt(object, 'spec.type') === 'LoadBalancer' && listAt(object, 'status.loadBalancer.ingress').length === 0
    ? { status: 'Progressing', message: 'Waiting for the load balancer' }
    : { status: 'Healthy', message: '' };

/** Ingress: healthy when its controller has given it an address. */
const ingress = (object: KubernetesObject): Health =>
  listAt(object, 'status.loadBalancer.ingress').length > 0
    ? { status: 'Healthy', message: '' }
    : { status: 'Progressing', message: 'Waiting for an address' };

/** v1 PersistentVolumeClaim by its phase. */
const persistentVolumeClaim = (object: KubernetesObject): Health => {
  const phase = textAt(object, 'status.phase');
  if (phase === 'Bound') return { status: 'Healthy', message: '' };
  if (phase === 'Pending') return { status: 'Progressing', message: 'Waiting to be bound' };
  if (phase === 'Lost') return { status: 'Degraded', message: 'The volume is lost' };
  return { status: 'Unknown', message: phase };
};

/** apiregistration.k8s.io APIService: healthy when available. */
const apiService = (object: KubernetesObject): Health => {
  const available = conditionsAt(object).find((c) => c.type === 'Available');
  if (!available) return { status: 'Progressing', message: 'Waiting to become available' };
  const message = available.message ? `${available.reason}: ${available.message}` : available.reason;
  return { status: available.status === 'True' ? 'Healthy' : 'Progressing', message };
};

/** Argo CD's built-in kinds by `group/kind` (reference: gitops-engine/pkg/health). */
const KINDS: ReadonlyMap<string, BuiltinKind> = new Map<string, BuiltinKind>([
  ['apps/Deployment', { versions: ['v1'], assess: deployment }],
  ['apps/StatefulSet', { versions: ['v1'], assess: statefulSet }],
  ['apps/DaemonSet', { versions: ['v1'], assess: daemonSet }],
  ['apps/ReplicaSet', { versions: ['v1'], assess: replicaSet }],
  ['/Pod', { versions: ['v1'], assess: pod }],
  ['/Service', { versions: ['v1'], assess: service }],
  ['/PersistentVolumeClaim', { versions: ['v1'], assess: persistentVolumeClaim }],
  ['batch/Job', { versions: ['v1'], assess: job }],
  ['autoscaling/HorizontalPodAutoscaler', { versions: ['v1', 'v2'], assess: horizontalPodAutoscaler }],
  ['networking.k8s.io/Ingress', { assess: ingress }],
  ['extensions/Ingress', { assess: ingress }],
  ['apiregistration.k8s.io/APIService', { versions: ['v1', 'v1beta1'], assess: apiService }],
  ['argoproj.io/Workflow', { assess: workflow }],
]);

/**
 * The health of a built-in kind. Undefined: not one of them. An API version that the rule does not know is `Unknown`,
 * never a guess.
 */
export const assessBuiltin = (object: KubernetesObject): Health | undefined => {
  const { group, version } = parseApiVersion(object.apiVersion);
  const kind = KINDS.get(`${group}/${object.kind}`);
  if (!kind) return undefined;
  if (kind.versions && !kind.versions.includes(version)) {
    const known = kind.versions.join(', ');
    return { status: 'Unknown', message: `${object.kind} ${object.apiVersion} is not supported (known: ${known})` };
  }
  return kind.assess(object);
};
