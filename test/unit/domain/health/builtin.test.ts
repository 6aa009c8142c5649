import { describe, expect, it } from 'vitest';
import { assessBuiltin } from '../../../../src/domain/health/builtin/kinds.ts';
import type { HealthStatus } from '../../../../src/domain/health/health-status.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';

type Parts = { spec?: object; status?: object; metadata?: KubernetesObject['metadata'] };
type Row = [why: string, status: HealthStatus, parts: Parts];

const condition = (type: string, status: string, reason = '') => ({ conditions: [{ type, status, reason }] });

const table = (apiVersion: string, kind: string, rows: Row[]) =>
  describe(`${apiVersion} ${kind}`, () => {
    it.each(rows)('%s: %s', (_, status, parts) => {
      expect(assessBuiltin({ apiVersion, kind, metadata: {}, ...parts })?.status).toBe(status);
    });
  });

const seen = { generation: 2 };
const rolled = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 3 };

table('apps/v1', 'Deployment', [
  ['rolled out', 'Healthy', { spec: { replicas: 3 }, status: rolled, metadata: seen }],
  ['paused', 'Suspended', { spec: { paused: true }, metadata: seen }],
  [
    'not observed',
    'Progressing',
    { spec: { replicas: 3 }, status: { ...rolled, observedGeneration: 1 }, metadata: seen },
  ],
  [
    'late',
    'Degraded',
    { spec: { replicas: 3 }, status: condition('Progressing', 'False', 'ProgressDeadlineExceeded') },
  ],
  ['not all updated', 'Progressing', { spec: { replicas: 4 }, status: rolled, metadata: seen }],
  ['old ones left', 'Progressing', { spec: { replicas: 3 }, status: { ...rolled, replicas: 4 }, metadata: seen }],
  ['not all available', 'Progressing', { spec: { replicas: 3 }, status: { ...rolled, availableReplicas: 2 } }],
]);

const rolling = (partition?: number) => ({
  replicas: 3,
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: partition === undefined ? {} : { partition } },
});
const revisions = { currentRevision: 'a', updateRevision: 'a' };

table('apps/v1', 'StatefulSet', [
  ['rolled out', 'Healthy', { spec: { replicas: 3 }, status: { ...rolled, ...revisions }, metadata: seen }],
  ['never observed', 'Progressing', { spec: { replicas: 3 }, status: { ...rolled, observedGeneration: 0 } }],
  ['not all ready', 'Progressing', { spec: { replicas: 4 }, status: rolled }],
  [
    'between revisions',
    'Progressing',
    { spec: { replicas: 3 }, status: { ...rolled, ...revisions, updateRevision: 'b' } },
  ],
  [
    'updated on deletion',
    'Healthy',
    { spec: { updateStrategy: { type: 'OnDelete' } }, status: { ...rolled, updateRevision: 'b' } },
  ],
  ['below its partition', 'Healthy', { spec: rolling(2), status: { ...rolled, updatedReplicas: 1 } }],
  ['above its partition', 'Progressing', { spec: rolling(1), status: { ...rolled, updatedReplicas: 1 } }],
  ['without a partition', 'Healthy', { spec: rolling(), status: { ...rolled, updatedReplicas: 0 } }],
]);

const nodes = { observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 };

table('apps/v1', 'DaemonSet', [
  ['everywhere', 'Healthy', { status: nodes, metadata: seen }],
  ['not observed', 'Progressing', { status: { ...nodes, observedGeneration: 1 }, metadata: seen }],
  ['not all updated', 'Progressing', { status: { ...nodes, updatedNumberScheduled: 2 } }],
  ['not all available', 'Progressing', { status: { ...nodes, numberAvailable: 2 } }],
  [
    'updated on deletion',
    'Healthy',
    { spec: { updateStrategy: { type: 'OnDelete' } }, status: { desiredNumberScheduled: 3 } },
  ],
]);

table('apps/v1', 'ReplicaSet', [
  ['available', 'Healthy', { spec: { replicas: 3 }, status: rolled }],
  ['not available', 'Progressing', { spec: { replicas: 4 }, status: rolled }],
  [
    'cannot create',
    'Degraded',
    { spec: { replicas: 3 }, status: { ...rolled, ...condition('ReplicaFailure', 'True') } },
  ],
]);

const waiting = (reason: string) => ({ phase: 'Pending', containerStatuses: [{ state: { waiting: { reason } } }] });
const ready = { phase: 'Running', ...condition('Ready', 'True') };
const ended = { phase: 'Running', containerStatuses: [{ lastState: { terminated: { exitCode: 1 } } }] };
const always = { restartPolicy: 'Always' };
const never = { restartPolicy: 'Never' };
const keepUp = { annotations: { 'argocd.argoproj.io/ignore-restart-policy': 'true' } };

table('v1', 'Pod', [
  ['running and ready', 'Healthy', { spec: always, status: ready }],
  ['running, not ready', 'Progressing', { spec: always, status: { phase: 'Running' } }],
  ['restarted, not ready', 'Degraded', { spec: always, status: ended }],
  ['cannot pull', 'Degraded', { spec: always, status: waiting('ImagePullBackOff') }],
  ['cannot pull yet', 'Degraded', { spec: always, status: waiting('ErrImagePull') }],
  ['misconfigured', 'Degraded', { spec: always, status: waiting('CreateContainerConfigError') }],
  ['being created', 'Progressing', { spec: always, status: waiting('ContainerCreating') }],
  ['cannot pull, to end', 'Progressing', { spec: never, status: waiting('ImagePullBackOff') }],
  ['running, to end', 'Progressing', { spec: never, status: ready }],
  ['kept up by annotation', 'Healthy', { spec: never, status: ready, metadata: keepUp }],
  ['succeeded', 'Healthy', { spec: never, status: { phase: 'Succeeded' } }],
  ['failed', 'Degraded', { spec: never, status: { phase: 'Failed' } }],
  ['of no phase', 'Unknown', { spec: always }],
]);

table('batch/v1', 'Job', [
  ['running', 'Progressing', { status: { active: 1 } }],
  ['complete', 'Healthy', { status: condition('Complete', 'True') }],
  ['failed', 'Degraded', { status: condition('Failed', 'True') }],
  ['suspended', 'Suspended', { status: condition('Suspended', 'True') }],
  ['resumed', 'Healthy', { status: condition('Suspended', 'False') }],
]);

table('v1', 'Service', [
  ['inside', 'Healthy', { spec: { type: 'ClusterIP' } }],
  ['no address', 'Progressing', { spec: { type: 'LoadBalancer' }, status: { loadBalancer: {} } }],
  ['an address', 'Healthy', { spec: { type: 'LoadBalancer' }, status: { loadBalancer: { ingress: [{}] } } }],
]);

table('networking.k8s.io/v1', 'Ingress', [
  ['no address', 'Progressing', {}],
  ['an address', 'Healthy', { status: { loadBalancer: { ingress: [{ hostname: 'x' }] } } }],
]);

table('v1', 'PersistentVolumeClaim', [
  ['bound', 'Healthy', { status: { phase: 'Bound' } }],
  ['pending', 'Progressing', { status: { phase: 'Pending' } }],
  ['lost', 'Degraded', { status: { phase: 'Lost' } }],
  ['of no phase', 'Unknown', {}],
]);

table('autoscaling/v2', 'HorizontalPodAutoscaler', [
  ['able', 'Healthy', { status: condition('AbleToScale', 'True') }],
  ['at its limit', 'Healthy', { status: condition('ScalingLimited', 'True', 'TooManyReplicas') }],
  ['without metrics', 'Degraded', { status: condition('ScalingActive', 'False', 'FailedGetResourceMetric') }],
  ['without a target', 'Degraded', { status: condition('AbleToScale', 'False', 'FailedGetScale') }],
  ['just made', 'Progressing', {}],
]);

table('autoscaling/v1', 'HorizontalPodAutoscaler', [
  ['just made', 'Progressing', {}],
  ['unreadable', 'Unknown', { metadata: { annotations: { 'autoscaling.alpha.kubernetes.io/conditions': '[' } } }],
]);

table('apiregistration.k8s.io/v1', 'APIService', [
  ['available', 'Healthy', { status: condition('Available', 'True', 'Passed') }],
  ['not available', 'Progressing', { status: condition('Available', 'False', 'MissingEndpoints') }],
  ['just made', 'Progressing', {}],
]);

table('argoproj.io/v1alpha1', 'Workflow', [
  ['just made', 'Progressing', {}],
  ['running', 'Progressing', { status: { phase: 'Running' } }],
  ['succeeded', 'Healthy', { status: { phase: 'Succeeded' } }],
  ['in error', 'Degraded', { status: { phase: 'Error' } }],
  ['of a new phase', 'Unknown', { status: { phase: 'Other' } }],
]);

table('autoscaling/v2beta2', 'HorizontalPodAutoscaler', [['of an API version without a rule', 'Unknown', {}]]);
