import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, type Condition, conditionsAt, listAt, numberAt, textAt } from '../fields.ts';
import {
  condition,
  from,
  type Kinds,
  kinds,
  type Message,
  otherwise,
  phase,
  ready,
  reported,
  rules,
  suspendedWhen,
  when,
} from './rules.ts';

const zalando = rules(
  reported('status.PostgresClusterStatus'),
  phase('status.PostgresClusterStatus', { Healthy: ['Running'], Progressing: ['Creating', 'Updating'] }),
  otherwise('Degraded', from('status.PostgresClusterStatus')),
);

const annotated =
  (name: string, value: string) =>
  (object: KubernetesObject): boolean =>
    object.metadata.annotations?.[name] === value;

/** Phases in which CloudNativePG will not go on by itself. */
const STUCK = [
  'Cluster is unrecoverable and needs manual intervention',
  'Cluster cannot proceed to reconciliation due to an unknown plugin being required',
  'Cluster cannot proceed to reconciliation due to an interaction failure with an external plugin',
  'Cluster has incomplete or invalid image catalog',
  'Cluster cannot execute instance online upgrade due to missing architecture binary',
  'Unable to create required cluster objects',
  'Failed to apply the configuration',
  'Not enough disk space',
];

const cloudNativePg = rules(
  reported(),
  condition('cnpg.io/hibernation', 'True', 'Suspended'),
  when(annotated('cnpg.io/hibernation', 'on'), 'Suspended', 'Hibernation is asked for'),
  when(annotated('cnpg.io/reconciliationLoop', 'disabled'), 'Suspended', 'Reconciliation is disabled'),
  phase('status.phase', { Degraded: STUCK, Suspended: ['Waiting for user action'] }),
  phase('status.phase', { Healthy: ['Cluster in healthy state'] }),
  otherwise('Progressing', from('status.phase', 'Waiting for the cluster')),
);

/** `status.message` is a list with Percona. */
const nodes: Message = (object) => {
  const said = listAt(object, 'status.message').filter((text) => typeof text === 'string');
  const count = `${numberAt(object, 'status.ready')}/${numberAt(object, 'status.size')} nodes ready`;
  return [...said, count].join('; ');
};

const percona = rules(
  reported('status.state'),
  phase(
    'status.state',
    {
      Healthy: ['ready'],
      Degraded: ['error', 'stopping'],
      Suspended: ['paused'],
      Progressing: ['initializing'],
    },
    nodes,
  ),
  otherwise('Unknown', from('status.state')),
);

/** An operator's run that ends: Complete is denied while it goes on as well as when it failed. */
const mariadbJob = rules(
  reported('status.conditions'),
  condition('Complete', 'True', 'Healthy'),
  condition('Complete', 'False', 'Suspended', { reasons: ['JobSuspended', 'CronJobSuspended'] }),
  condition('Complete', 'False', 'Progressing', { reasons: ['JobRunning', 'CronJobRunning', 'JobNotComplete'] }),
  when(scheduledOnly, 'Progressing', 'Scheduled'),
  condition('Complete', 'False', 'Degraded'),
  otherwise('Progressing', 'Waiting for the job'),
);

/** A schedule that has not run yet says so in reason and message alike. */
function scheduledOnly(object: KubernetesObject): boolean {
  return conditionsAt(object).some(
    (c) =>
      c.type === 'Complete' && c.status === 'False' && c.reason === 'CronJobScheduled' && c.message === 'Scheduled',
  );
}

/** Its conditions hold one after another: whatever is denied is still to come, unless it says that it failed. */
const mariadb = rules(
  suspendedWhen('spec.suspend', 'Suspended'),
  reported('status.conditions'),
  when(
    (object) => denied(object)?.reason === 'Failed',
    'Degraded',
    (object) => denied(object)?.message ?? '',
  ),
  when(
    (object) => denied(object) !== undefined,
    'Progressing',
    (object) => denied(object)?.message ?? '',
  ),
  otherwise('Healthy', (object) => conditionsAt(object).at(-1)?.message ?? ''),
);

function denied(object: KubernetesObject): Condition | undefined {
  return conditionsAt(object).find(({ status }) => status === 'False');
}

/** Users, databases and grants of MariaDB: made at once or not at all. */
const mariadbPart = ready();

const clickhouse = rules(
  reported('status.status'),
  phase('status.status', { Healthy: ['Completed'], Degraded: ['Failed', 'Aborted'] }),
  otherwise('Progressing', from('status.status')),
);

const atlas = rules(
  reported('status.conditions'),
  condition('Ready', 'True', 'Healthy'),
  condition('Ready', 'False', 'Progressing', { reasons: ['Reconciling'] }),
  condition('Ready', 'False', 'Degraded'),
  otherwise('Progressing', 'Waiting for the operator'),
);

const solr = rules(
  reported(),
  when(
    (object) => listAt(object, 'status.solrNodes').some((node) => at(node, 'ready') !== true),
    'Progressing',
    'Not every node is ready',
  ),
  when(
    (object) => numberAt(object, 'status.readyReplicas') < numberAt(object, 'status.replicas'),
    'Progressing',
    'Not every replica is ready',
  ),
  otherwise('Healthy', 'Every replica is ready'),
);

const zookeeper = rules(
  reported(),
  when(
    (object) => numberAt(object, 'status.readyReplicas') >= numberAt(object, 'status.replicas'),
    'Healthy',
    'All nodes have joined',
  ),
  otherwise('Progressing', 'Waiting for nodes to join'),
);

const spark = rules(
  reported('status.applicationState.state'),
  phase('status.applicationState.state', {
    Healthy: ['COMPLETED'],
    Degraded: ['FAILED', 'SUBMISSION_FAILED', 'FAILING'],
    Missing: ['INVALIDATING'],
    Suspended: ['SUSPENDED'],
  }),
  when(hasExecutors, 'Healthy', 'Running'),
  otherwise('Progressing', from('status.applicationState.state')),
);

/** Running counts once the executors do: all of a fixed number, or a number between the bounds where it varies. */
function hasExecutors(object: KubernetesObject): boolean {
  if (textAt(object, 'status.applicationState.state') !== 'RUNNING') return false;
  const running = Object.values(at(object, 'status.executorState') ?? {}).filter((state) => state === 'RUNNING').length;
  const { minimum, maximum } = executorBounds(object);
  return running >= minimum && running <= maximum;
}

function executorBounds(object: KubernetesObject): { minimum: number; maximum: number } {
  const asked = at(object, 'spec.executor.instances');
  const wanted = typeof asked === 'number' ? asked : undefined;
  const conf = at(object, 'spec.sparkConf') ?? {};
  const read = (name: string): number | undefined => {
    const value: unknown = Reflect.get(conf, `spark.dynamicAllocation.${name}`);
    return value === undefined ? undefined : Number(value);
  };
  if (at(object, 'spec.dynamicAllocation.enabled') === true)
    return {
      minimum: numberAt(object, 'spec.dynamicAllocation.minExecutors'),
      maximum: numberAt(object, 'spec.dynamicAllocation.maxExecutors', Infinity),
    };
  const dynamic = ['spark.dynamicAllocation.enabled', 'spark.streaming.dynamicAllocation.enabled'].find(
    (name) => String(Reflect.get(conf, name)) === 'true',
  );
  if (!dynamic) return { minimum: wanted ?? 1, maximum: wanted ?? Infinity };
  const prefix = dynamic.replace(/enabled$/, '');
  const bound = (name: string, fallback: number): number => {
    const value: unknown = Reflect.get(conf, `${prefix}${name}`);
    return value === undefined ? (read(name) ?? fallback) : Number(value);
  };
  return { minimum: bound('minExecutors', 0), maximum: bound('maxExecutors', Infinity) };
}

/** Databases, search engines and batch data. */
export const databaseKinds: Kinds = {
  'acid.zalan.do/postgresql': zalando,
  'postgresql.cnpg.io/Cluster': cloudNativePg,
  'psmdb.percona.com/PerconaServerMongoDB': percona,
  'pxc.percona.com/PerconaXtraDBCluster': percona,
  ...kinds('k8s.mariadb.com', ['Backup', 'Restore', 'SqlJob', 'PhysicalBackup'], mariadbJob),
  ...kinds('k8s.mariadb.com', ['MariaDB', 'MaxScale'], mariadb),
  ...kinds('k8s.mariadb.com', ['User', 'Grant', 'Database', 'Connection'], mariadbPart),
  'mariadb.mmontes.io/MariaDB': mariadb,
  'clickhouse.altinity.com/ClickHouseInstallation': clickhouse,
  'clickhouse-keeper.altinity.com/ClickHouseKeeperInstallation': clickhouse,
  ...kinds('db.atlasgo.io', ['AtlasMigration', 'AtlasSchema'], atlas),
  'solr.apache.org/SolrCloud': solr,
  'zookeeper.pravega.io/ZookeeperCluster': zookeeper,
  'sparkoperator.k8s.io/SparkApplication': spark,
  'hazelcast.com/Hazelcast': rules(
    phase('status.phase', { Healthy: ['Running'], Degraded: ['Failed'] }, from('status.message')),
    otherwise('Progressing', from('status.message', 'Waiting for the cluster')),
  ),
  'ray.io/RayCluster': rules(
    phase('status.state', { Healthy: ['ready'], Degraded: ['failed'], Suspended: ['suspended'] }),
    otherwise('Progressing', from('status.reason', 'Waiting for the cluster')),
  ),
  'cassandra.datastax.com/CassandraDatacenter': ready(),
};
