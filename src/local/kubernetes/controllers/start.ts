import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { Log } from '../../../ports/log.ts';
import { definitionStorage } from '../custom-definitions.ts';
import { at, equal } from '../json.ts';
import { storageKey } from '../resource-types.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import type { WriteDeps } from '../writes/deps.ts';
import { timeText } from '../writes/deps.ts';
import { readyAfter, shallFail } from './annotations.ts';
import { writeStatus } from './controller-writes.ts';
import { createGarbageCollector } from './garbage-collector.ts';
import { emptyNamespace, furnishNamespace } from './namespaces.ts';
import {
  settleApiService,
  settleAutoscaler,
  settleClaim,
  settleDefinition,
  settleDisruptionBudget,
  settleIngress,
  settleService,
} from './other-kinds.ts';
import { observeDeployment, settleDeployment, settleReplicaSet } from './replica-sets.ts';
import { createTimetable } from './timetable.ts';
import { settleDaemonSet, settleJob, settlePod, settleStatefulSet } from './workloads.ts';

export interface Controllers {
  stop(): void;
}

type Settle = (deps: WriteDeps, object: KubernetesObject) => void;

const players: Readonly<Record<string, Settle>> = {
  'apps/deployments': settleDeployment,
  'apps/replicasets': (deps, object) => settleReplicaSet(deps, 'apps/replicasets', object, shallFail(object)),
  '/replicationcontrollers': (deps, object) =>
    settleReplicaSet(deps, '/replicationcontrollers', object, shallFail(object)),
  'apps/statefulsets': settleStatefulSet,
  'apps/daemonsets': settleDaemonSet,
  'batch/jobs': settleJob,
  '/pods': settlePod,
  '/persistentvolumeclaims': settleClaim,
  '/services': settleService,
  'networking.k8s.io/ingresses': settleIngress,
  'apiregistration.k8s.io/apiservices': settleApiService,
  'autoscaling/horizontalpodautoscalers': settleAutoscaler,
  'policy/poddisruptionbudgets': settleDisruptionBudget,
  [definitionStorage]: settleDefinition,
};

const playing: Readonly<Record<string, readonly string[]>> = {
  'apps/replicasets': ['Deployment'],
  '/pods': ['ReplicaSet', 'ReplicationController', 'StatefulSet', 'DaemonSet', 'Job'],
};

/** ReplicaSets and pods are played along with what controls them, where that is played. */
const isPlayedByOwner = (storage: string, { metadata }: KubernetesObject): boolean =>
  (metadata.ownerReferences ?? []).some(
    ({ controller, kind }) => controller === true && playing[storage]?.includes(kind) === true,
  );

const isUnchanged = (before: KubernetesObject, object: KubernetesObject): boolean =>
  (before.spec === object.spec || equal(before.spec, object.spec)) &&
  readyAfter(before) === readyAfter(object) &&
  shallFail(before) === shallFail(object);

/** Whether an object found at the start still waits for its controller. */
const isUnsettled = (object: KubernetesObject): boolean => {
  const observed = at(object, 'status.observedGeneration');
  const { generation } = object.metadata;
  if (typeof observed === 'number' && generation !== undefined) return observed !== generation;
  const phase = at(object, 'status.phase');
  return phase === undefined ? at(object, 'status.conditions') === undefined : phase === 'Pending';
};

/** From this wait on, a Deployment is first seen progressing. */
const longWait = 500;

/**
 * Starts what plays the workload controllers, the namespace controller and the garbage collector. A workload is ready 50 ms
 * after its spec changed, or as its annotations say (`towline.dev/ready-after`, `towline.dev/fail`).
 */
export const startControllers = (deps: WriteDeps, log: Log): Controllers => {
  const { store, clock } = deps;
  const failed = (error: unknown): void =>
    log.error('a controller of the embedded cluster failed', { error: String(error) });
  const timetable = createTimetable(clock, failed);
  const collector = createGarbageCollector(deps);
  const soon = (key: string, work: () => void): void => timetable.plan(key, clock(), work);

  const planSettling = (storage: string, { metadata }: KubernetesObject, wait: number): void => {
    const { namespace = '', name = '' } = metadata;
    const key = `${storage} ${namespace} ${name}`;
    const current = (): KubernetesObject | undefined => {
      const object = store.get(storage, namespace, name);
      return object?.metadata.deletionTimestamp ? undefined : object;
    };
    timetable.plan(key, clock() + wait, () => {
      const object = current();
      if (object) players[storage]?.(deps, object);
    });
    if (storage !== 'apps/deployments' || wait < longWait) return;
    soon(`observe ${key}`, () => {
      const object = current();
      if (object) writeStatus(deps, storage, object, observeDeployment(object, timeText(clock())));
    });
  };

  /** A pod that went away is made anew by what controls it. */
  const replan = (pod: KubernetesObject): void => {
    const owner = (pod.metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
    if (!owner) return;
    const { namespace = '' } = pod.metadata;
    const storage = storageKey(owner.apiVersion.split('/')[0] ?? '', `${owner.kind.toLowerCase()}s`);
    const object = store.get(storage, namespace, owner.name);
    if (object && storage !== 'batch/jobs') planSettling(storage, object, readyAfter(object));
  };

  const planNamespace = ({ metadata }: KubernetesObject): void => {
    const name = metadata.name ?? '';
    soon(`namespace ${name}`, () => {
      const namespace = store.get('/namespaces', '', name);
      if (namespace?.metadata.deletionTimestamp) emptyNamespace(deps, namespace);
      else if (namespace) furnishNamespace(deps, namespace);
    });
  };

  const observe = (event: StoreEvent): void => {
    const { type, storage, object, before } = event;
    if (collector.observe(event)) soon('collect', collector.collect);
    if (type === 'DELETED') {
      if (storage === '/pods') replan(object);
      const home = store.get('/namespaces', '', object.metadata.namespace ?? '');
      if (home?.metadata.deletionTimestamp) planNamespace(home);
      if (storage === definitionStorage) removeInstances(deps, object);
      return;
    }
    if (storage === '/namespaces' && (type === 'ADDED' || object.metadata.deletionTimestamp)) planNamespace(object);
    if (!players[storage] || isPlayedByOwner(storage, object) || object.metadata.deletionTimestamp) return;
    if (type === 'MODIFIED' && before && isUnchanged(before, object)) return;
    planSettling(storage, object, storage === definitionStorage ? 0 : readyAfter(object));
  };

  const begin = (): void => {
    for (const namespace of store.list('/namespaces')) planNamespace(namespace);
    for (const storage of Object.keys(players)) {
      for (const object of store.list(storage)) {
        if (isUnsettled(object) && !isPlayedByOwner(storage, object)) planSettling(storage, object, readyAfter(object));
      }
    }
    soon('collect', collector.collect);
  };
  const stop = store.subscribe(observe);
  begin();
  return {
    stop: () => {
      stop();
      timetable.stop();
    },
  };
};

/** A definition takes its objects along. */
const removeInstances = ({ store }: WriteDeps, definition: KubernetesObject): void => {
  const group = String(at(definition, 'spec.group'));
  const storage = storageKey(group, String(at(definition, 'spec.names.plural')));
  for (const object of store.list(storage)) store.remove(storage, object);
};
