import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allTrue,
  condition,
  from,
  observed,
  observedConditions,
  otherwise,
  phase,
  ready,
  reported,
  rules,
  suspendedWhen,
  when,
} from '../../../../src/domain/health/custom/rules.ts';
import { assessCustom } from '../../../../src/domain/health/custom/table.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';

const object = (rest: Record<string, unknown> = {}, metadata: KubernetesObject['metadata'] = {}): KubernetesObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  ...rest,
  metadata,
});

const withConditions = (...conditions: Record<string, unknown>[]) => object({ status: { conditions } });

describe('the rule language', () => {
  it('takes the first answer', () => {
    const rule = rules(
      when(() => false, 'Degraded'),
      otherwise('Healthy', 'second'),
      otherwise('Unknown'),
    );
    expect(rule(object())).toEqual({ status: 'Healthy', message: 'second' });
    expect(rules()(object())).toBeUndefined();
  });

  it('reads phases, with the phase or another text as message', () => {
    const rule = phase('status.phase', { Healthy: ['Up'], Degraded: ['Down', 'Gone'] }, from('status.message', 'none'));
    expect(rule(object({ status: { phase: 'Gone', message: 'why' } }))).toEqual({ status: 'Degraded', message: 'why' });
    expect(rule(object({ status: { phase: 'Up' } }))).toEqual({ status: 'Healthy', message: 'none' });
    expect(rule(object({ status: { phase: 'Else' } }))).toBeUndefined();
    expect(phase('status.phase', { Healthy: ['Up'] })(object({ status: { phase: 'Up' } }))?.message).toBe('Up');
  });

  it('reads conditions by type or pattern, status and reason', () => {
    const thing = withConditions(
      { type: 'A', status: 'False', reason: 'Slow' },
      { type: 'B', status: true, message: 'yes', reason: 'Fine' },
    );
    expect(condition('A', 'False', 'Degraded')(thing)).toEqual({ status: 'Degraded', message: 'Slow' });
    expect(condition('A', 'False', 'Degraded', { reasons: ['Broken'] })(thing)).toBeUndefined();
    expect(condition(/^[BC]$/, 'True', 'Healthy')(thing)).toEqual({ status: 'Healthy', message: 'yes' });
    expect(condition('B', 'True', 'Healthy', { message: 'own' })(thing)?.message).toBe('own');
    expect(allTrue()(thing)).toBeUndefined();
    expect(allTrue()(withConditions())).toBeUndefined();
  });

  it('waits for a status and for the current generation', () => {
    expect(reported()(object())?.status).toBe('Progressing');
    expect(reported()(object({ status: {} }))?.status).toBe('Progressing');
    expect(reported()(object({ status: { a: 1 } }))).toBeUndefined();
    const at = (observedGeneration?: number) => object({ status: { observedGeneration } }, { generation: 2 });
    expect(observed()(at(1))?.status).toBe('Progressing');
    expect(observed()(at(2))).toBeUndefined();
    expect(observed()(at())).toBeUndefined();
    const stale = { ...withConditions({ type: 'A', observedGeneration: 1 }), metadata: { generation: 2 } };
    expect(observedConditions('A')(stale)?.status).toBe('Progressing');
    expect(observedConditions('B')(stale)).toBeUndefined();
  });

  it('suspends where a flag says so', () => {
    expect(suspendedWhen('spec.paused', 'Paused')(object({ spec: { paused: true } }))?.status).toBe('Suspended');
    expect(suspendedWhen('spec.paused', 'Paused')(object({ spec: { paused: 'true' } }))).toBeUndefined();
  });

  it.each([
    ['True', 'Healthy'],
    ['False', 'Degraded'],
    ['Unknown', 'Progressing'],
    ['', 'Progressing'],
  ])('reads a Ready that is %j as %s', (status, health) => {
    expect(ready()(withConditions({ type: 'Ready', status }))?.status).toBe(health);
  });
});

describe('the table', () => {
  it.each([
    ['ec2.aws.upbound.io/v1beta1', 'VPC', 'True', 'Healthy'],
    ['ec2.aws.crossplane.io/v1beta1', 'VPC', 'True', 'Healthy'],
    ['compute.cnrm.cloud.google.com/v1beta1', 'ComputeDisk', 'True', 'Healthy'],
    ['rds.services.k8s.aws/v1alpha1', 'DBInstance', 'False', 'Progressing'],
  ])('knows whole groups: %s %s', (apiVersion, kind, status, health) => {
    const thing = { ...withConditions({ type: 'Ready', status, reason: 'Why' }), apiVersion, kind };
    expect(assessCustom(thing)?.status).toBe(health);
  });

  it.each([
    ['aws.upbound.io/v1beta1', 'ProviderConfig'],
    ['apiextensions.crossplane.io/v1', 'Composition'],
  ])('takes configuration for healthy: %s %s', (apiVersion, kind) => {
    expect(assessCustom({ ...object(), apiVersion, kind })?.status).toBe('Healthy');
  });

  it('never throws, whatever an object looks like', () => {
    const kinds = [
      'argoproj.io/Rollout',
      'gateway.networking.k8s.io/HTTPRoute',
      'sparkoperator.k8s.io/SparkApplication',
    ];
    const some = fc.record({ spec: fc.jsonValue(), status: fc.jsonValue() });
    fc.assert(
      fc.property(fc.constantFrom(...kinds), some, (key, rest) => {
        const [group, kind = ''] = key.split('/');
        expect(() => assessCustom({ ...object(rest), apiVersion: `${group}/v1`, kind })).not.toThrow();
      }),
    );
  });
});

type Row = [
  what: string,
  type: string,
  conditions: [type: string, status: string, reason?: string][],
  status: string,
  more?: object,
];

// Ways of the kinds' own controllers that one Ready condition does not tell.
it.each<Row>([
  [
    'at work',
    'source.toolkit.fluxcd.io/v1 GitRepository',
    [
      ['Reconciling', 'True'],
      ['Ready', 'Unknown'],
    ],
    'Progressing',
  ],
  [
    'trying again',
    'source.toolkit.fluxcd.io/v1 GitRepository',
    [
      ['Reconciling', 'True'],
      ['Ready', 'False'],
    ],
    'Degraded',
  ],
  ['ready without its artifact', 'source.toolkit.fluxcd.io/v1 Bucket', [['Ready', 'True']], 'Degraded'],
  [
    'ready',
    'source.toolkit.fluxcd.io/v1 Bucket',
    [
      ['ArtifactInStorage', 'True'],
      ['Ready', 'True'],
    ],
    'Healthy',
  ],
  ['undecided at rest', 'kustomize.toolkit.fluxcd.io/v1 Kustomization', [['Ready', 'Unknown']], 'Degraded'],
  [
    'released and tested',
    'helm.toolkit.fluxcd.io/v2 HelmRelease',
    [
      ['Ready', 'True'],
      ['Released', 'True'],
      ['TestSuccess', 'True'],
    ],
    'Healthy',
  ],
  [
    'of a new generation',
    'image.toolkit.fluxcd.io/v1 ImagePolicy',
    [
      ['Reconciling', 'True', 'NewGeneration'],
      ['Ready', 'False'],
    ],
    'Progressing',
  ],
  [
    'trying again',
    'image.toolkit.fluxcd.io/v1 ImagePolicy',
    [
      ['Reconciling', 'True', 'ProgressingWithRetry'],
      ['Ready', 'False'],
    ],
    'Degraded',
  ],
  [
    'some pods down',
    'monitoring.coreos.com/v1 Prometheus',
    [['Available', 'False', 'SomePodsNotReady']],
    'Progressing',
  ],
  ['undecided', 'monitoring.coreos.com/v1 Alertmanager', [['Available', 'Unknown']], 'Degraded'],
  [
    'there, not reconciled',
    'monitoring.coreos.com/v1 Prometheus',
    [
      ['Available', 'True'],
      ['Reconciled', 'False'],
    ],
    'Healthy',
  ],
  ['never asked for', 'datadoghq.com/v1alpha1 DatadogMetric', [], 'Healthy'],
  ['failed', 'k8s.mariadb.com/v1alpha1 MariaDB', [['Ready', 'False', 'Failed']], 'Degraded'],
  [
    'bootstrapping',
    'k8s.mariadb.com/v1alpha1 MariaDB',
    [
      ['Ready', 'True'],
      ['Bootstrapped', 'False', 'Pending'],
    ],
    'Progressing',
  ],
  [
    'waiting for another',
    'sql.cnrm.cloud.google.com/v1beta1 SQLInstance',
    [['Ready', 'False', 'DependencyNotReady']],
    'Suspended',
  ],
  [
    'wanting what is not there',
    'sql.cnrm.cloud.google.com/v1beta1 SQLInstance',
    [['Ready', 'False', 'DependencyNotFound']],
    'Degraded',
  ],
  ['moving', 'sql.cnrm.cloud.google.com/v1beta1 SQLInstance', [['Ready', 'False', 'Whatever']], 'Progressing'],
  ['with parts denied', 'serving.kserve.io/v1beta1 InferenceService', [['PredictorReady', 'False']], 'Progressing'],
  [
    'whose model fails',
    'serving.kserve.io/v1beta1 InferenceService',
    [['Ready', 'False']],
    'Degraded',
    { modelStatus: { transitionStatus: 'BlockedByFailedLoad' } },
  ],
  [
    'running, not ready',
    'kubevirt.io/v1 VirtualMachineInstance',
    [['Ready', 'False']],
    'Degraded',
    { phase: 'Running' },
  ],
  ['ended', 'kubevirt.io/v1 VirtualMachineInstance', [], 'Suspended', { phase: 'Succeeded' }],
  [
    'being disrupted',
    'karpenter.sh/v1 NodeClaim',
    [
      ['Disrupting', 'True'],
      ['Ready', 'True'],
    ],
    'Suspended',
  ],
  ['not launched yet', 'karpenter.sh/v1 NodeClaim', [['Launched', 'False']], 'Progressing'],
  ['by number', 'install.istio.io/v1alpha1 IstioOperator', [], 'Healthy', { status: 3 }],
  [
    'updating, a part in error',
    'install.istio.io/v1alpha1 IstioOperator',
    [],
    'Progressing',
    { status: 'UPDATING', componentStatus: { Pilot: { status: 'ERROR' } } },
  ],
  [
    'of a domain that fails',
    'networking.gke.io/v1 ManagedCertificate',
    [],
    'Degraded',
    { certificateStatus: 'Provisioning', domainStatus: [{ status: 'FailedNotVisible' }] },
  ],
  [
    'deployed',
    'flink.apache.org/v1beta1 FlinkDeployment',
    [],
    'Healthy',
    { reconciliationStatus: { state: 'DEPLOYED' } },
  ],
  [
    'in error',
    'flink.apache.org/v1beta1 FlinkDeployment',
    [],
    'Degraded',
    { jobManagerDeploymentStatus: 'ERROR', reconciliationStatus: { state: 'UPGRADING' } },
  ],
  [
    'with a broker out of step',
    'kafka.banzaicloud.io/v1beta1 KafkaCluster',
    [],
    'Degraded',
    {
      state: 'ClusterRunning',
      cruiseControlTopicStatus: 'CruiseControlTopicReady',
      brokersState: { 0: { configurationState: 'ConfigOutOfSync' } },
    },
  ],
  [
    'with a node missing',
    'elasticsearch.k8s.elastic.co/v1 Elasticsearch',
    [],
    'Progressing',
    { phase: 'Ready', health: 'green', availableNodes: 2 },
  ],
  [
    'of no fixed number of executors',
    'sparkoperator.k8s.io/v1beta2 SparkApplication',
    [],
    'Healthy',
    { applicationState: { state: 'RUNNING' }, executorState: { a: 'RUNNING', b: 'RUNNING' } },
  ],
  [
    'partly available',
    'apps.kruise.io/v1alpha1 DaemonSet',
    [],
    'Progressing',
    {
      observedGeneration: 1,
      desiredNumberScheduled: 3,
      updatedNumberScheduled: 3,
      numberAvailable: 2,
      numberUnavailable: 1,
    },
  ],
])('%s: %s', (_what, type, conditions, expected, more = {}) => {
  const [apiVersion = '', kind = ''] = type.split(' ');
  const status = {
    ...more,
    ...(conditions.length > 0
      ? { conditions: conditions.map(([name, is, reason = 'R']) => ({ type: name, status: is, reason, message: 'm' })) }
      : {}),
  };
  const spec = { nodeSets: [{ count: 3 }], executor: {} };
  expect(assessCustom({ apiVersion, kind, metadata: { generation: 1 }, spec, status })?.status).toBe(expected);
});
