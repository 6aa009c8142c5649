import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, conditionsAt, listAt, numberAt, textAt } from '../fields.ts';
import {
  condition,
  from,
  holds,
  type Kinds,
  kinds,
  type Message,
  observed,
  otherwise,
  phase,
  ready,
  reported,
  rules,
  suspendedWhen,
  when,
} from './rules.ts';

/** Names what does not comply: clusters of a root policy, templates of a replicated one. */
const offenders: Message = (object) => {
  const clusters = listAt(object, 'status.status').filter(isOffender);
  if (clusters.length > 0)
    return `NonCompliant clusters: ${clusters.map((one) => textAt(one, 'clustername')).join(', ')}`;
  const templates = listAt(object, 'status.details').filter(isOffender);
  return `NonCompliant templates: ${templates.map((one) => textAt(one, 'templateMeta.name')).join(', ')}`;
};

const isOffender = (item: unknown): boolean => textAt(item, 'compliant') === 'NonCompliant';

const compliance = (message: Message, ok: Message = 'Compliant') =>
  rules(
    phase('status.compliant', { Degraded: ['NonCompliant'] }, message),
    phase('status.compliant', { Healthy: ['Compliant'] }, ok),
    otherwise('Progressing', 'Waiting for compliance to be known'),
  );

/** The violations of a ConfigurationPolicy's templates, as it tells them. */
const violations: Message = (object) =>
  listAt(object, 'status.compliancyDetails')
    .flatMap((detail) => conditionsAt(detail, 'conditions'))
    .map((one) => `${one.type} - ${one.message}`)
    .join('; ');

const configurationPolicy = rules(
  when(isUnevaluated, 'Progressing', 'Waiting for the current spec to be evaluated'),
  compliance(violations, violations),
);

function isUnevaluated(object: KubernetesObject): boolean {
  const { generation } = object.metadata;
  const evaluated = at(object, 'status.lastEvaluatedGeneration');
  return typeof evaluated === 'number' && generation !== undefined && evaluated !== generation;
}

const operatorPolicy = rules(
  reported(),
  observed(),
  condition('Compliant', 'False', 'Degraded'),
  condition('Compliant', 'True', 'Healthy'),
  otherwise('Progressing', 'Waiting for compliance to be known'),
);

const kyverno = rules(
  condition('Ready', 'True', 'Healthy'),
  condition('Ready', 'False', 'Degraded'),
  when((object) => at(object, 'status.ready') === true, 'Healthy', 'Ready'),
  otherwise('Progressing', 'Waiting to become ready'),
);

/** External Secrets: fan-outs name partial and total failure apart. */
const externalSecret = rules(
  reported('status.conditions'),
  condition(/^(NotReady|PartiallyReady)$/, 'True', 'Degraded'),
  ready(),
);

const EXTERNAL_SECRETS = [
  'ClusterExternalSecret',
  'ClusterPushSecret',
  'ClusterSecretStore',
  'ExternalSecret',
  'PushSecret',
  'SecretStore',
];

const sealedSecret = rules(reported('status.conditions'), observed(), ready('Synced'));

const keycloak = rules(
  reported('status.conditions'),
  condition('HasErrors', 'True', 'Degraded', { message: (c) => `Has Errors: ${c.message}` }),
  observed(),
  condition('Ready', 'True', 'Healthy'),
  condition('Ready', 'False', 'Progressing'),
  otherwise('Progressing', 'Waiting to become ready'),
);

const realmImport = rules(
  reported('status.conditions'),
  condition('HasErrors', 'True', 'Degraded'),
  condition('Done', 'True', 'Healthy'),
  otherwise('Progressing', 'Waiting for the import'),
);

/** 3scale: kinds deny by several conditions and agree by Ready or Synced. */
const threescale = rules(
  phase('status.state', { Suspended: ['suspended', 'deactivated'] }),
  condition(/^(Failed|Invalid|Orphan|Error)$/, 'True', 'Degraded'),
  condition('Waiting', 'True', 'Suspended'),
  condition(/^(Ready|Synced)$/, 'True', 'Healthy'),
  otherwise('Progressing', 'Waiting to become ready'),
);

const THREESCALE = [
  'ActiveDoc',
  'Application',
  'ApplicationAuth',
  'Backend',
  'CustomPolicyDefinition',
  'DeveloperAccount',
  'DeveloperUser',
  'OpenAPI',
  'Product',
  'ProxyConfigPromote',
  'Tenant',
];

const apiManager = rules(
  condition('Available', 'True', 'Healthy'),
  when((object) => denied(object) !== '', 'Degraded', denied),
  otherwise('Progressing', 'Waiting for the deployments'),
);

/** Without a reason, not available means not yet. */
function denied(object: KubernetesObject): string {
  return conditionsAt(object).find((c) => c.type === 'Available' && c.status === 'False')?.reason ?? '';
}

const jobText: Message = (object) =>
  `${textAt(object, 'status.ansibleJobResult.status')} job - ${textAt(object, 'status.ansibleJobResult.url')}`;

const ansibleJob = rules(
  phase(
    'status.ansibleJobResult.status',
    {
      Healthy: ['successful'],
      Degraded: ['failed', 'error', 'canceled'],
      Progressing: ['new', 'pending', 'running', 'waiting'],
    },
    jobText,
  ),
  condition('Failure', 'True', 'Degraded'),
  condition('Running', 'True', 'Progressing'),
  otherwise('Progressing', 'Waiting for the job'),
);

const legacyExternalSecret = rules(
  reported('status.status'),
  phase('status.status', { Healthy: ['SUCCESS'] }),
  otherwise('Degraded', from('status.status')),
);

const camel = rules(
  reported('status.phase'),
  phase('status.phase', { Degraded: ['Error', 'Build Failure', 'Deploy Error'] }, camelError),
  when((object) => textAt(object, 'status.phase') === 'Running' && camelError(object) !== '', 'Degraded', camelError),
  phase('status.phase', { Healthy: ['Running'] }, ''),
  otherwise('Progressing', from('status.phase')),
);

function camelError(object: KubernetesObject): string {
  const found = conditionsAt(object).find((c) => c.type === 'Ready' && c.status === 'False');
  return found ? found.message || found.reason : '';
}

/** Secrets, policies, identity, and products that fit nowhere else. */
export const policyKinds: Kinds = {
  'policy.open-cluster-management.io/Policy': compliance(offenders),
  'policy.open-cluster-management.io/CertificatePolicy': compliance('A certificate does not comply'),
  'policy.open-cluster-management.io/ConfigurationPolicy': configurationPolicy,
  'policy.open-cluster-management.io/OperatorPolicy': operatorPolicy,
  ...kinds('kyverno.io', ['ClusterPolicy', 'Policy'], kyverno),
  ...kinds('external-secrets.io', EXTERNAL_SECRETS, externalSecret),
  'kubernetes-client.io/ExternalSecret': legacyExternalSecret,
  'bitnami.com/SealedSecret': sealedSecret,
  'onepassword.com/OnePasswordItem': ready(),
  'k8s.keycloak.org/Keycloak': keycloak,
  'k8s.keycloak.org/KeycloakRealmImport': realmImport,
  ...kinds('capabilities.3scale.net', THREESCALE, threescale),
  'apps.3scale.net/APIManager': apiManager,
  'tower.ansible.com/AnsibleJob': ansibleJob,
  'camel.apache.org/Integration': camel,
  'machinelearning.seldon.io/SeldonDeployment': rules(
    phase('status.state', { Healthy: ['Available'], Degraded: ['Failed'] }),
    otherwise('Progressing', from('status.description', 'Waiting for the deployment')),
  ),
  'flagger.app/Canary': rules(
    reported('status.phase'),
    suspendedWhen('spec.suspend', 'Suspended'),
    phase('status.phase', { Healthy: ['Initialized', 'Succeeded'], Degraded: ['Failed'] }, canaryText),
    otherwise('Progressing', canaryText),
  ),
  'metrics.keptn.sh/KeptnMetric': rules(
    when((object) => holds(object, 'status.errMsg'), 'Degraded', from('status.errMsg')),
    when((object) => at(object, 'status.value') !== undefined && value(object) !== '', 'Healthy', ''),
    otherwise('Progressing', 'Waiting for the first value'),
  ),
};

function canaryText(object: KubernetesObject): string {
  const promoted = conditionsAt(object).find((c) => c.type === 'Promoted');
  return [textAt(object, 'status.phase'), promoted?.message].filter(Boolean).join(' --- ');
}

const value = (object: KubernetesObject): string =>
  textAt(object, 'status.value') || String(numberAt(object, 'status.value'));
