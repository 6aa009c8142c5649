import type { KubernetesObject } from '../../kubernetes-object.ts';
import { listAt, numberAt } from '../fields.ts';
import {
  from,
  type Kinds,
  type Message,
  observed,
  otherwise,
  phase,
  type Rule,
  reported,
  rules,
  when,
} from './rules.ts';

const elasticHealth = (progress: Message): Rule =>
  rules(
    reported('status.health'),
    observed(),
    phase('status.health', { Healthy: ['green'], Degraded: ['red'] }),
    phase('status.health', { Progressing: ['yellow'] }, progress),
    otherwise('Unknown', from('status.health')),
  );

const available: Message = (object) =>
  `${numberAt(object, 'status.availableNodes')}/${numberAt(object, 'status.expectedNodes')} nodes available`;

const wantedNodes = (object: KubernetesObject): number =>
  listAt(object, 'spec.nodeSets').reduce((sum: number, set) => sum + numberAt(set, 'count'), 0);

const elasticsearch = rules(
  reported('status.phase'),
  when(
    (object) => numberAt(object, 'status.availableNodes', Infinity) < wantedNodes(object),
    'Progressing',
    (object) => `${numberAt(object, 'status.availableNodes')} of ${wantedNodes(object)} nodes available`,
  ),
  phase('status.phase', { Progressing: ['ApplyingChanges', 'MigratingData', 'Stalled'], Degraded: ['Invalid'] }),
  elasticHealth('Replicas or shards are missing'),
);

/** Elastic Cloud on Kubernetes. */
export const elasticKinds: Kinds = {
  'elasticsearch.k8s.elastic.co/Elasticsearch': elasticsearch,
  'beat.k8s.elastic.co/Beat': elasticHealth(available),
  'agent.k8s.elastic.co/Agent': elasticHealth(available),
  'logstash.k8s.elastic.co/Logstash': elasticHealth(available),
  'kibana.k8s.elastic.co/Kibana': elasticHealth(available),
  'apm.k8s.elastic.co/ApmServer': elasticHealth(available),
  'enterprisesearch.k8s.elastic.co/EnterpriseSearch': elasticHealth(available),
  'maps.k8s.elastic.co/ElasticMapsServer': elasticHealth(available),
};
