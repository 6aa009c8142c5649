import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { Json } from '../json.ts';
import { at, clone, recordOf } from '../json.ts';
import type { WriteDeps } from '../writes/deps.ts';
import { timeText } from '../writes/deps.ts';
import { shallFail } from './annotations.ts';
import { conditionsOf, withoutZeros } from './conditions.ts';
import { controlledBy, makeObject, patchAsController, writeAsController, writeStatus } from './controller-writes.ts';
import { playPods, shortHash } from './pods.ts';

const storage = 'apps/replicasets';
const revisionAnnotation = 'deployment.kubernetes.io/revision';

const replicasOf = (object: KubernetesObject): number => {
  const replicas = at(object, 'spec.replicas');
  return typeof replicas === 'number' ? replicas : 1;
};

/** Plays a ReplicaSet or ReplicationController: its pods, then its status. */
export const settleReplicaSet = (deps: WriteDeps, where: string, object: KubernetesObject, failing: boolean): void => {
  const replicas = replicasOf(object);
  const { name, uid, generation } = object.metadata;
  const names = Array.from({ length: replicas }, (_, index) => `${name}-${shortHash([uid, index], 5)}`);
  playPods(deps, object, names, failing ? 'crashing' : 'running');
  const ready = failing ? 0 : replicas;
  const counts = withoutZeros({ fullyLabeledReplicas: replicas, readyReplicas: ready, availableReplicas: ready });
  writeStatus(deps, where, object, { replicas, ...counts, observedGeneration: generation });
};

/** What says how a Deployment is to be played says it of its ReplicaSet too. */
const ownAnnotations = ({ metadata }: KubernetesObject): Json =>
  Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([name]) => name.startsWith('towline.dev/')));

const replicaSetOf = (deployment: KubernetesObject, hash: string, revision: string): Json => {
  const template = recordOf(clone(at(deployment, 'spec.template')));
  const metadata = recordOf(template.metadata);
  const labels = { ...recordOf(metadata.labels), 'pod-template-hash': hash };
  const selector = recordOf(clone(at(deployment, 'spec.selector')));
  const matchLabels = { ...recordOf(selector.matchLabels), 'pod-template-hash': hash };
  return {
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      labels,
      annotations: { ...ownAnnotations(deployment), [revisionAnnotation]: revision },
      ownerReferences: [controlledBy(deployment)],
    },
    spec: {
      replicas: replicasOf(deployment),
      selector: { ...selector, matchLabels },
      template: { ...template, metadata: { ...metadata, labels } },
    },
  };
};

const revisionOf = (object: KubernetesObject): number => Number(object.metadata.annotations?.[revisionAnnotation] ?? 0);

/** The ReplicaSet of a Deployment's template, made or brought to its replicas; all others to none. */
const currentReplicaSet = (deps: WriteDeps, deployment: KubernetesObject): KubernetesObject => {
  const { namespace = '', name } = deployment.metadata;
  const hash = shortHash(at(deployment, 'spec.template'), 10);
  const sets = deps.store.controlledBy(storage, deployment.metadata.uid ?? '');
  const newest = Math.max(0, ...sets.map(revisionOf));
  const current = sets.find((set) => set.metadata.name === `${name}-${hash}`);
  const isNewest = current !== undefined && revisionOf(current) === newest;
  const revision = String(isNewest ? newest : newest + 1);
  for (const set of sets) {
    if (set !== current && replicasOf(set) > 0) patchAsController(deps, storage, set, { spec: { replicas: 0 } });
  }
  if (!current) return makeObject(deps, storage, replicaSetOf(deployment, hash, revision), namespace);
  const annotations = { [revisionAnnotation]: revision };
  patchAsController(deps, storage, current, {
    metadata: { annotations },
    spec: { replicas: replicasOf(deployment) },
  });
  return deps.store.get(storage, namespace, `${name}-${hash}`) ?? current;
};

const deploymentStatus = (object: KubernetesObject, set: string, failing: boolean, now: string): Json => {
  const replicas = replicasOf(object);
  const ready = failing ? 0 : replicas;
  const available = failing
    ? {
        status: 'False' as const,
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      }
    : { status: 'True' as const, reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' };
  const progressing = failing
    ? {
        status: 'False' as const,
        reason: 'ProgressDeadlineExceeded',
        message: `ReplicaSet "${set}" has timed out progressing.`,
      }
    : {
        status: 'True' as const,
        reason: 'NewReplicaSetAvailable',
        message: `ReplicaSet "${set}" has successfully progressed.`,
      };
  const conditions = [
    { type: 'Available', ...available },
    { type: 'Progressing', ...progressing },
  ];
  return withoutZeros({
    observedGeneration: object.metadata.generation,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: ready,
    availableReplicas: ready,
    unavailableReplicas: replicas - ready,
    conditions: conditionsOf(object, now, conditions, ['lastUpdateTime']),
  });
};

/** Plays a Deployment: its ReplicaSets, their pods, its status and revision. */
export const settleDeployment = (deps: WriteDeps, deployment: KubernetesObject): void => {
  const now = timeText(deps.clock());
  if (at(deployment, 'spec.paused') === true) {
    const message = 'Deployment is paused';
    const paused = { type: 'Progressing', status: 'Unknown' as const, reason: 'DeploymentPaused', message };
    const status = { ...recordOf(deployment.status), observedGeneration: deployment.metadata.generation };
    const conditions = conditionsOf(deployment, now, [paused], ['lastUpdateTime']);
    return writeStatus(deps, 'apps/deployments', deployment, { ...status, conditions });
  }
  const failing = shallFail(deployment);
  const set = currentReplicaSet(deps, deployment);
  settleReplicaSet(deps, storage, set, failing);
  for (const other of deps.store.controlledBy(storage, deployment.metadata.uid ?? '')) {
    if (other.metadata.uid !== set.metadata.uid) settleReplicaSet(deps, storage, other, false);
  }
  const revision = set.metadata.annotations?.[revisionAnnotation] ?? '1';
  const annotations = { ...deployment.metadata.annotations, [revisionAnnotation]: revision };
  writeAsController(deps, 'apps/deployments', deployment, {
    ...deployment,
    metadata: { ...deployment.metadata, annotations },
    status: deploymentStatus(deployment, set.metadata.name ?? '', failing, now),
  });
};

/** A Deployment's status while it waits: observed, nothing available yet. */
export const observeDeployment = (object: KubernetesObject, now: string): Json => {
  const replicas = replicasOf(object);
  const message = `ReplicaSet "${object.metadata.name}-${shortHash(at(object, 'spec.template'), 10)}" is progressing.`;
  const conditions = [
    {
      type: 'Available',
      status: 'False' as const,
      reason: 'MinimumReplicasUnavailable',
      message: 'Deployment does not have minimum availability.',
    },
    { type: 'Progressing', status: 'True' as const, reason: 'ReplicaSetUpdated', message },
  ];
  return withoutZeros({
    observedGeneration: object.metadata.generation,
    replicas,
    updatedReplicas: replicas,
    unavailableReplicas: replicas,
    conditions: conditionsOf(object, now, conditions, ['lastUpdateTime']),
  });
};
