import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, textAt } from '../fields.ts';
import {
  condition,
  from,
  type Kinds,
  kinds,
  observedConditions,
  otherwise,
  phase,
  reported,
  rules,
  suspendedWhen,
  when,
} from './rules.ts';

/** Strimzi denies readiness by a condition of its own; warnings change nothing. */
const strimzi = rules(
  reported('status.conditions'),
  condition('NotReady', 'True', 'Degraded'),
  condition('Ready', 'True', 'Healthy'),
  condition('Ready', 'False', 'Degraded'),
  condition('ReconciliationPaused', 'True', 'Suspended'),
  otherwise('Progressing', 'Waiting to become ready'),
);

const STRIMZI = [
  'Kafka',
  'KafkaBridge',
  'KafkaConnect',
  'KafkaConnector',
  'KafkaMirrorMaker',
  'KafkaMirrorMaker2',
  'KafkaNodePool',
  'KafkaTopic',
  'KafkaUser',
];

const banzai = rules(
  when(
    (object) =>
      textAt(object, 'status.state') === 'ClusterRunning' &&
      textAt(object, 'status.cruiseControlTopicStatus') === 'CruiseControlTopicReady',
    'Healthy',
    'Running',
  ),
  otherwise('Progressing', from('status.state', 'Waiting for the cluster')),
);

const confluent = rules(
  reported('status.phase'),
  phase('status.phase', {
    Healthy: ['RUNNING', 'CREATED'],
    Degraded: ['ERROR', 'FAILED', 'DEGRADED'],
  }),
  otherwise('Progressing', from('status.phase')),
);

const CONFLUENT = [
  'Connect',
  'ControlCenter',
  'Kafka',
  'KafkaRestProxy',
  'KRaftController',
  'KsqlDB',
  'SchemaRegistry',
  'Zookeeper',
];

/** Objects inside a RabbitMQ: nothing is known of one that has no condition. */
const topology = rules(
  condition('Ready', 'True', 'Healthy'),
  condition('Ready', 'False', 'Degraded'),
  otherwise('Unknown', 'The operator reports no condition'),
);

const TOPOLOGY = [
  'Binding',
  'Exchange',
  'Federation',
  'OperatorPolicy',
  'Permission',
  'Policy',
  'Queue',
  'SchemaReplication',
  'Shovel',
  'SuperStream',
  'TopicPermission',
  'User',
  'Vhost',
];

const rabbitmqCluster = rules(
  reported('status.conditions'),
  condition('ReconcileSuccess', 'False', 'Degraded'),
  condition(/^(ClusterAvailable|AllReplicasReady)$/, 'Unknown', 'Progressing'),
  condition(/^(ClusterAvailable|AllReplicasReady)$/, 'False', 'Progressing'),
  condition('NoWarnings', 'False', 'Degraded'),
  condition('ClusterAvailable', 'True', 'Healthy'),
  otherwise('Progressing', 'Waiting for the cluster'),
);

const flink = rules(
  reported(),
  when((object) => at(object, 'status.reconciliationStatus.success') === false, 'Degraded', flinkError),
  phase('status.jobManagerDeploymentStatus', { Degraded: ['ERROR'] }, flinkError),
  phase('status.jobStatus.state', { Degraded: ['FAILED', 'FAILING'] }, flinkError),
  when(isSuspendedJob, 'Healthy', ''),
  when(isRunningJob, 'Healthy', ''),
  phase('status.jobStatus.state', { Healthy: ['FINISHED'] }),
  otherwise('Progressing', from('status.jobManagerDeploymentStatus', 'Waiting for the deployment')),
);

function flinkError(object: KubernetesObject): string {
  return textAt(object, 'status.reconciliationStatus.error') || textAt(object, 'status.error');
}

/** A job that is meant to be suspended, and is, needs no job manager. */
function isSuspendedJob(object: KubernetesObject): boolean {
  const state = textAt(object, 'status.jobStatus.state');
  return textAt(object, 'spec.job.state') === 'suspended' && ['SUSPENDED', 'FINISHED', 'CANCELED'].includes(state);
}

function isRunningJob(object: KubernetesObject): boolean {
  if (textAt(object, 'status.jobManagerDeploymentStatus') !== 'READY') return false;
  const session = at(object, 'spec.job') === undefined;
  return session || textAt(object, 'status.jobStatus.state') === 'RUNNING';
}

const keda = rules(
  suspendedWhen('spec.suspend', 'Suspended'),
  reported('status.conditions'),
  observedConditions('Ready'),
  condition('Ready', 'False', 'Degraded'),
  condition('Paused', 'True', 'Suspended'),
  condition('Fallback', 'True', 'Degraded'),
  condition('Ready', 'True', 'Healthy'),
  condition(/./, 'True', 'Progressing'),
  otherwise('Progressing', 'Waiting to become ready'),
);

/** Messaging, streaming and event-driven scaling. */
export const messagingKinds: Kinds = {
  ...kinds('kafka.strimzi.io', STRIMZI, strimzi),
  'kafka.banzaicloud.io/KafkaCluster': banzai,
  ...kinds('platform.confluent.io', CONFLUENT, confluent),
  ...kinds('rabbitmq.com', TOPOLOGY, topology),
  'rabbitmq.com/RabbitmqCluster': rabbitmqCluster,
  'flink.apache.org/FlinkDeployment': flink,
  ...kinds('keda.sh', ['ScaledJob', 'ScaledObject'], keda),
};
