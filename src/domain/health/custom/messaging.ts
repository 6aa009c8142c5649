import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, recordAt, textAt } from '../fields.ts';
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

const brokers = (object: KubernetesObject): unknown[] => Object.values(recordAt(object, 'status.brokersState'));

const SETTLED = ['GracefulUpscaleSucceeded', 'GracefulDownscaleSucceeded'];

const areBrokersSettled = (object: KubernetesObject): boolean =>
  brokers(object).every(
    (broker) =>
      textAt(broker, 'configurationState') === 'ConfigInSync' &&
      SETTLED.includes(textAt(broker, 'gracefulActionState.cruiseControlState')),
  );

const hasTopic = (object: KubernetesObject): boolean =>
  textAt(object, 'status.cruiseControlTopicStatus') === 'CruiseControlTopicReady';

const banzai = rules(
  phase('status.state', { Progressing: ['ClusterRollingUpgrading'] }),
  when((object) => brokers(object).length === 0, 'Progressing', from('status.state', 'Waiting for the cluster')),
  when(
    (object) => !hasTopic(object) && textAt(object, 'status.state') === 'ClusterReconciling',
    'Progressing',
    from('status.state'),
  ),
  when((object) => !areBrokersSettled(object), 'Degraded', 'Not every broker is in step'),
  when(
    (object) => hasTopic(object) && textAt(object, 'status.state') === 'ClusterRunning',
    'Healthy',
    from('status.state'),
  ),
  otherwise('Progressing', from('status.state')),
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
  when(
    (object) =>
      at(object, 'status.reconciliationStatus.success') === true ||
      textAt(object, 'status.reconciliationStatus.state') === 'DEPLOYED',
    'Healthy',
    'Deployed',
  ),
  phase('status.jobManagerDeploymentStatus', { Degraded: ['ERROR'] }, flinkError),
  when(isHeldBack, 'Healthy', 'The job is suspended'),
  otherwise('Progressing', from('status.jobManagerDeploymentStatus', 'Waiting for the operator')),
);

/** A job that is suspended from the start is never reconciled. */
function isHeldBack(object: KubernetesObject): boolean {
  const isReconciled = at(object, 'status.reconciliationStatus.lastReconciledSpec') !== undefined;
  return textAt(object, 'spec.job.state') === 'suspended' && !isReconciled;
}

function flinkError(object: KubernetesObject): string {
  return textAt(object, 'status.reconciliationStatus.error') || textAt(object, 'status.error');
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
