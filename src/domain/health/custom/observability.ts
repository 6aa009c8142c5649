import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, textAt } from '../fields.ts';
import {
  allTrue,
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

const prometheus = rules(
  suspendedWhen('spec.paused', 'Paused'),
  reported('status.conditions'),
  condition('Available', 'False', 'Progressing', { reasons: ['SomePodsNotReady'] }),
  condition('Available', 'Degraded', 'Progressing', { reasons: ['SomePodsNotReady'] }),
  condition(/^(Available|Reconciled)$/, 'False', 'Degraded'),
  condition('Available', 'Degraded', 'Degraded'),
  condition(/^(Available|Reconciled)$/, 'Unknown', 'Progressing'),
  allTrue('All instances are available'),
  otherwise('Progressing', 'Waiting for the instances'),
);

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

const datadogMetric = rules(
  condition('Valid', 'False', 'Degraded'),
  condition('Error', 'True', 'Degraded'),
  condition(/^(Active|Valid|Updated)$/, 'Unknown', 'Progressing'),
  condition('Valid', 'True', 'Healthy'),
  otherwise('Progressing', 'Waiting for the query'),
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

/** Flux: Ready tells all; its reason is the short text. A suspended object is left as it stands. */
const flux: Rule = rules(
  suspendedWhen('spec.suspend', 'Suspended'),
  reported('status.conditions'),
  condition('Stalled', 'True', 'Degraded', { message: (c) => c.reason }),
  condition('Ready', 'True', 'Healthy', { message: (c) => c.reason }),
  condition('Ready', 'False', 'Degraded', { message: (c) => c.reason }),
  condition(/^(Ready|Reconciling)$/, 'Unknown', 'Progressing', { message: (c) => c.reason }),
  condition('Reconciling', 'True', 'Progressing', { message: (c) => c.reason }),
  otherwise('Progressing', 'Waiting for the controller'),
);

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
  ...kinds('helm.toolkit.fluxcd.io', ['HelmRelease'], flux),
  ...kinds('kustomize.toolkit.fluxcd.io', ['Kustomization'], flux),
  ...kinds('image.toolkit.fluxcd.io', ['ImagePolicy', 'ImageRepository', 'ImageUpdateAutomation'], flux),
  ...kinds('notification.toolkit.fluxcd.io', ['Alert', 'Provider', 'Receiver'], flux),
  ...kinds(
    'source.toolkit.fluxcd.io',
    ['Bucket', 'GitRepository', 'HelmChart', 'HelmRepository', 'OCIRepository'],
    flux,
  ),
};

/** Every kind of these groups without a rule of its own. */
export const observabilityGroups: readonly (readonly [string, Rule])[] = [
  ['operator.victoriametrics.com', victoria],
  ['grafana-org-operator.kubitus-project.gitlab.io', ready()],
];
