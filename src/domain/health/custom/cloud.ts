import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, conditionsAt, listAt, textAt } from '../fields.ts';
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
  reasonOf,
  reported,
  rules,
  when,
} from './rules.ts';

/** A managed resource of Crossplane: paused, not in step with the cloud, not yet there, or available. */
const managed: Rule = rules(
  reported('status.conditions'),
  condition('Synced', 'False', 'Suspended', { reasons: ['ReconcilePaused'], message: reasonOf }),
  condition('Synced', 'False', 'Degraded'),
  condition(/^(LastAsyncOperation|AsyncOperation)$/, 'False', 'Degraded'),
  condition('Ready', 'True', 'Healthy', { message: reasonOf }),
  condition('Ready', 'False', 'Degraded', { reasons: ['Unavailable'] }),
  otherwise('Progressing', 'Waiting for the resource to become available'),
);

/** Kinds of Crossplane and its providers that only hold configuration: they never report a condition. */
const CONFIGURATION = [
  'Composition',
  'CompositionRevision',
  'ControllerConfig',
  'DeploymentRuntimeConfig',
  'EnvironmentConfig',
  'ImageConfig',
  'ProviderConfig',
  'ClusterProviderConfig',
  'ProviderConfigUsage',
  'StoreConfig',
];

const isConfiguration = (object: KubernetesObject): boolean =>
  CONFIGURATION.includes(object.kind) && conditionsAt(object).length === 0;

/** Any other kind of Crossplane, Upbound and their providers, composites and packages included. */
const anyCrossplane: Rule = rules(
  when(isConfiguration, 'Healthy', 'Holds configuration only'),
  reported('status.conditions'),
  condition('Synced', 'False', 'Suspended', { reasons: ['ReconcilePaused'], message: reasonOf }),
  condition(
    /^(Synced|LastAsyncOperation|Healthy|Installed|RevisionHealthy|RuntimeHealthy|Valid)$/,
    'False',
    'Degraded',
  ),
  condition(/^(Ready|Healthy|RevisionHealthy|Established|Offered|Available|ValidPipeline)$/, 'True', 'Healthy', {
    message: reasonOf,
  }),
  otherwise('Progressing', 'Waiting for the resource to become ready'),
);

/** A package (Provider, Function, Configuration) is both installed and healthy, or broken where either is denied. */
const crossplanePackage: Rule = rules(
  reported('status.conditions'),
  when(
    (object) => reasons(object, 'False').length > 0,
    'Degraded',
    (object) => reasons(object).join(' '),
  ),
  when(
    (object) => reasons(object, 'True').length >= 2,
    'Healthy',
    (object) => reasons(object).join(' '),
  ),
  otherwise('Progressing', 'Waiting for the package to be installed'),
);

const reasons = (object: KubernetesObject, status?: string): string[] =>
  conditionsAt(object)
    .filter((c) => (c.type === 'Installed' || c.type === 'Healthy') && (!status || c.status === status))
    .map((c) => c.reason);

/** Config Connector's own parts, which report their health as such. */
const isConnector = ({ apiVersion, kind }: KubernetesObject): boolean =>
  /^ConfigConnector(Context)?$/.test(kind) || apiVersion.startsWith('customize.core.cnrm.cloud.google.com/');

/** Google's Config Connector: what waits for another resource is not at fault, one that is not there is. */
const configConnector: Rule = rules(
  reported(),
  observed(),
  when((object) => isConnector(object) && at(object, 'status.healthy') === false, 'Degraded', 'Not healthy'),
  when((object) => isConnector(object) && at(object, 'status.healthy') === true, 'Healthy', 'Healthy'),
  condition(/./, 'True', 'Healthy', { reasons: ['UpToDate'] }),
  condition(/./, 'False', 'Degraded', { reasons: ['UpdateFailed', 'DependencyNotFound'] }),
  condition(/./, 'False', 'Suspended', { reasons: ['DependencyNotReady'] }),
  condition('Ready', 'True', 'Healthy'),
  otherwise('Progressing', 'Waiting for the resource to become ready'),
);

/** AWS Controllers for Kubernetes: a terminal condition needs a person, all else is still being tried. */
const ack: Rule = rules(
  condition('ACK.Terminal', 'True', 'Degraded'),
  condition('ACK.Recoverable', 'True', 'Degraded'),
  condition('Ready', 'True', 'Healthy', { message: '' }),
  condition('Ready', 'False', 'Progressing'),
  condition('Ready', 'Unknown', 'Progressing'),
  condition('ACK.ResourceSynced', 'True', 'Healthy', { message: '' }),
  condition('ACK.ResourceSynced', 'False', 'Progressing'),
  otherwise('Progressing', 'Waiting for the resource to be in step'),
);

const sap: Rule = rules(
  when((object) => Boolean(object.metadata.deletionTimestamp), 'Progressing', 'Being deleted'),
  reported('status.conditions'),
  when(
    (object) =>
      conditionsAt(object).some((c) => (c.observedGeneration ?? Infinity) < (object.metadata.generation ?? 0)),
    'Progressing',
    'Waiting for the controller to observe the current spec',
  ),
  condition('Failed', 'True', 'Degraded'),
  condition('Ready', 'True', 'Healthy'),
  condition('Succeeded', 'False', 'Progressing'),
  otherwise('Progressing', 'Waiting to become ready'),
);

const iamRole: Rule = rules(
  reported('status.state'),
  phase('status.state', { Healthy: ['Ready'], Progressing: ['CreateInProgress', 'DeleteInProgress', 'InProgress'] }),
  otherwise('Degraded', (object) => String(at(object, 'status.errorDescription') ?? at(object, 'status.state'))),
);

const hasFailedDomain = (object: KubernetesObject): boolean =>
  listAt(object, 'status.domainStatus').some((domain) => textAt(domain, 'status').startsWith('Failed'));

const managedCertificate: Rule = rules(
  when(hasFailedDomain, 'Degraded', 'A domain cannot be certified'),
  phase('status.certificateStatus', { Healthy: ['Active'] }),
  otherwise('Progressing', from('status.certificateStatus', 'Waiting for the certificate')),
);

const pulumi: Rule = rules(
  reported(),
  observed(),
  condition('Stalled', 'True', 'Degraded'),
  condition('Reconciling', 'True', 'Progressing'),
  condition('Ready', 'True', 'Healthy'),
  when((object) => at(object, 'status.lastUpdate.state') === 'failed', 'Degraded', 'The last update failed'),
  condition('Ready', 'False', 'Progressing'),
  otherwise('Progressing', 'Waiting for the stack to be processed'),
);

/** Cloud resources: Crossplane, Config Connector, ACK, SAP, Pulumi and the smaller ones. */
export const cloudKinds: Kinds = {
  ...kinds('cloudfront.aws.crossplane.io', ['Distribution'], managed),
  ...kinds('iam.aws.crossplane.io', ['Policy', 'Role', 'RolePolicyAttachment'], managed),
  ...kinds('rds.aws.crossplane.io', ['DBCluster', 'DBInstance'], managed),
  ...kinds('route53.aws.crossplane.io', ['ResourceRecordSet'], managed),
  ...kinds('s3.aws.crossplane.io', ['Bucket'], managed),
  ...kinds('pkg.crossplane.io', ['Provider', 'Function', 'Configuration'], crossplanePackage),
  ...kinds('services.cloud.sap.com', ['ServiceBinding', 'ServiceInstance'], sap),
  'iammanager.keikoproj.io/Iamrole': iamRole,
  'networking.gke.io/ManagedCertificate': managedCertificate,
  'pulumi.com/Stack': pulumi,
  'pulumi.com/Program': ready(),
};

/** By group: every kind of it that has no rule of its own. */
export const cloudGroups: readonly (readonly [string, Rule])[] = [
  ['*.cnrm.cloud.google.com', configConnector],
  ['*.crossplane.io', anyCrossplane],
  ['*.upbound.io', anyCrossplane],
  ['*.services.k8s.aws', ack],
];
