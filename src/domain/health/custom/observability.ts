import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, type Condition, conditionsAt, textAt } from '../fields.ts';
import {
  condition,
  from,
  type Kinds,
  kinds,
  observed,
  otherwise,
  phase,
  type Rule,
  ready,
  reported,
  rules,
  suspendedWhen,
  when,
} from './rules.ts';

const grafana = rules(
  phase('status.stageStatus', { Degraded: ['failed'] }, (object) => textAt(object, 'status.lastMessage')),
  when(
    (object) => textAt(object, 'status.stage') === 'complete' && textAt(object, 'status.stageStatus') === 'success',
    'Healthy',
    '',
  ),
  otherwise('Progressing', from('status.stage')),
);

const GRAFANA = [
  'GrafanaAlertRuleGroup',
  'GrafanaContactPoint',
  'GrafanaDashboard',
  'GrafanaDatasource',
  'GrafanaFolder',
  'GrafanaLibraryPanel',
  'GrafanaMuteTiming',
  'GrafanaNotificationPolicy',
  'GrafanaNotificationTemplate',
  'GrafanaServiceAccount',
];

/** What is written into a Grafana: each kind names its condition `…Synchronized`. */
const synchronized = rules(
  condition(/^(InvalidSpec|NoMatchingInstance|NotificationPolicyLoopDetected)$/, 'True', 'Degraded'),
  condition('Suspended', 'True', 'Suspended'),
  condition(/Synchronized$/, 'True', 'Healthy'),
  condition(/Synchronized$/, 'False', 'Degraded'),
  otherwise('Progressing'),
);

/** Only Available counts: what could not be reconciled shows there, or changes nothing. */
const prometheus = rules(
  reported('status.conditions'),
  condition('Available', 'True', 'Healthy', { message: 'All instances are available' }),
  when((object) => unavailable(object)?.reason === 'SomePodsNotReady', 'Progressing', whyUnavailable),
  when((object) => unavailable(object) !== undefined, 'Degraded', whyUnavailable),
  otherwise('Progressing', 'Waiting for the instances'),
);

function unavailable(object: KubernetesObject): Condition | undefined {
  return conditionsAt(object).find(({ type, status }) => type === 'Available' && status !== 'True');
}

function whyUnavailable(object: KubernetesObject): string {
  const found = unavailable(object);
  return found?.message || found?.reason || '';
}

const victoria: Rule = rules(
  reported(),
  observed(),
  phase('status.updateStatus', { Degraded: ['failed'] }, from('status.reason')),
  phase('status.updateStatus', { Healthy: ['operational'], Suspended: ['paused'] }),
  otherwise('Progressing', from('status.updateStatus', 'Waiting for the operator')),
);

const humio = rules(
  reported('status.state'),
  phase(
    'status.state',
    { Healthy: ['Exists', 'Running'], Missing: ['NotFound'], Degraded: ['ConfigError'], Unknown: ['Unknown'] },
    (object) => textAt(object, 'status.message') || textAt(object, 'status.state'),
  ),
  otherwise('Progressing', (object) => textAt(object, 'status.message') || textAt(object, 'status.state')),
);

const HUMIO = [
  'HumioAction',
  'HumioAggregateAlert',
  'HumioAlert',
  'HumioCluster',
  'HumioExternalCluster',
  'HumioFilterAlert',
  'HumioIngestToken',
  'HumioParser',
  'HumioRepository',
  'HumioScheduledSearch',
  'HumioView',
];

/** Only what it reports as an error counts: one that nobody has asked for yet is not waited for. */
const datadogMetric = rules(
  condition('Error', 'True', 'Degraded'),
  condition('Valid', 'False', 'Degraded'),
  otherwise('Healthy', 'No error is reported'),
);

/** `2/2`: how many replicas of a collector are ready. */
const collectorReady = (object: KubernetesObject): boolean => {
  const [ready, wanted] = textAt(object, 'status.scale.statusReplicas').split('/');
  return ready !== '' && ready === wanted;
};

const collector = rules(
  when((object) => textAt(object, 'spec.mode') === 'sidecar', 'Healthy', 'Runs beside other pods'),
  when(collectorReady, 'Healthy', from('status.scale.statusReplicas')),
  otherwise('Progressing', from('status.scale.statusReplicas', 'Waiting for the collector')),
);

const jaeger = rules(
  phase('status.phase', { Healthy: ['Running'], Degraded: ['Failed'] }),
  otherwise('Progressing', 'Waiting for Jaeger'),
);

/** Keptn's runs. */
const keptn = (path: string): Rule =>
  rules(
    phase(path, {
      Healthy: ['Succeeded', 'Warning'],
      Degraded: ['Failed'],
      Suspended: ['Deprecated', 'Cancelled'],
      Unknown: ['Unknown'],
    }),
    otherwise('Progressing', from(path, 'Waiting for the run')),
  );

const analysis = rules(
  when((object) => textAt(object, 'status.state') !== 'Completed', 'Progressing', from('status.state')),
  when((object) => at(object, 'status.pass') === true, 'Healthy', 'Passed'),
  when((object) => at(object, 'status.warning') === true, 'Healthy', 'Passed with warnings'),
  otherwise('Degraded', 'Failed'),
);

const KEPTN = [
  'KeptnApp',
  'KeptnAppVersion',
  'KeptnTask',
  'KeptnWorkload',
  'KeptnWorkloadInstance',
  'KeptnWorkloadVersion',
];

const isTrue = (object: KubernetesObject, type: string): boolean =>
  conditionsAt(object).some((c) => c.type === type && c.status === 'True');

const readyReason = (object: KubernetesObject): string =>
  conditionsAt(object).find(({ type }) => type === 'Ready')?.reason ?? '';

interface FluxKind {
  /** What Ready is while the controller is at work. */
  moving: 'Unknown' | 'False';
  /** Why it may be at work; any reason, unless named. */
  because?: readonly string[];
  /** One of these is true as well, once it is done. */
  with?: readonly string[];
}

/** Flux: while Reconciling Ready is undecided, then it is True, or the object has failed. The reason is the short text. */
const flux = ({ moving, because, with: others = [] }: FluxKind): Rule => {
  const isMoving = (object: KubernetesObject): boolean => {
    const conditions = conditionsAt(object);
    const isAtWork = conditions.some(
      (c) => c.type === 'Reconciling' && c.status === 'True' && (because?.includes(c.reason) ?? true),
    );
    return isAtWork && conditions.some((c) => c.type === 'Ready' && c.status === moving);
  };
  const isDone = (object: KubernetesObject): boolean =>
    isTrue(object, 'Ready') && (others.length === 0 || others.some((type) => isTrue(object, type)));
  return rules(
    suspendedWhen('spec.suspend', 'Suspended'),
    reported('status.conditions'),
    when(isMoving, 'Progressing', readyReason),
    when(isDone, 'Healthy', readyReason),
    otherwise('Degraded', readyReason),
  );
};

const fluxSource = flux({ moving: 'Unknown', with: ['ArtifactInStorage'] });

/** Monitoring and delivery tools. */
export const observabilityKinds: Kinds = {
  'grafana.integreatly.org/Grafana': grafana,
  ...kinds('grafana.integreatly.org', GRAFANA, synchronized),
  ...kinds('monitoring.coreos.com', ['Alertmanager', 'Prometheus', 'PrometheusAgent', 'ThanosRuler'], prometheus),
  ...kinds('core.humio.com', HUMIO, humio),
  ...kinds('coralogix.com', ['Alert', 'RecordingRuleGroupSet'], ready('RemoteSynced')),
  'datadoghq.com/DatadogMetric': datadogMetric,
  'opentelemetry.io/OpenTelemetryCollector': collector,
  'jaegertracing.io/Jaeger': jaeger,
  'kiali.io/Kiali': rules(
    condition('Failure', 'True', 'Degraded'),
    condition('Successful', 'True', 'Healthy'),
    otherwise('Progressing', 'Waiting for the operator'),
  ),
  ...kinds('lifecycle.keptn.sh', KEPTN, keptn('status.status')),
  'lifecycle.keptn.sh/KeptnEvaluation': keptn('status.overallStatus'),
  'metrics.keptn.sh/Analysis': analysis,
  ...kinds('helm.toolkit.fluxcd.io', ['HelmRelease'], flux({ moving: 'Unknown', with: ['Released', 'TestSuccess'] })),
  ...kinds('kustomize.toolkit.fluxcd.io', ['Kustomization'], flux({ moving: 'Unknown' })),
  'image.toolkit.fluxcd.io/ImagePolicy': flux({
    moving: 'False',
    because: ['NewGeneration', 'AccessingRepository', 'ApplyingPolicy'],
  }),
  'image.toolkit.fluxcd.io/ImageRepository': flux({ moving: 'False', because: ['NewGeneration', 'Scanning'] }),
  'image.toolkit.fluxcd.io/ImageUpdateAutomation': flux({ moving: 'False' }),
  ...kinds('notification.toolkit.fluxcd.io', ['Alert', 'Provider', 'Receiver'], flux({ moving: 'Unknown' })),
  ...kinds('source.toolkit.fluxcd.io', ['Bucket', 'GitRepository', 'HelmChart', 'OCIRepository'], fluxSource),
  // One that only names an OCI registry has no artifact.
  'source.toolkit.fluxcd.io/HelmRepository': flux({ moving: 'Unknown' }),
};

/** Every kind of these groups without a rule of its own. */
export const observabilityGroups: readonly (readonly [string, Rule])[] = [
  ['operator.victoriametrics.com', victoria],
  ['grafana-org-operator.kubitus-project.gitlab.io', ready()],
];
