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
import type { GarbageCollector } from './garbage-collector.ts';
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
import type { Timetable } from './timetable.ts';
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

interface State {
  deps: WriteDeps;
  timetable: Timetable;
  collector: GarbageCollector;
}

const soon = ({ deps, timetable }: State, key: string, work: () => void): void =>
  timetable.plan(key, deps.clock(), work);

const planSettling = (state: State, storage: string, { metadata }: KubernetesObject, wait: number): void => {
  const { deps, timetable } = state;
  const { namespace = '', name = '' } = metadata;
  const key = `${storage} ${namespace} ${name}`;
  const withCurrent = (work: (object: KubernetesObject) => void) => (): void => {
    const object = deps.store.get(storage, namespace, name);
    if (object && !object.metadata.deletionTimestamp) work(object);
  };
  const settle = withCurrent((object) => players[storage]?.(deps, object));
  timetable.plan(key, deps.clock() + wait, settle);
  if (storage !== 'apps/deployments' || wait < longWait) return;
  const show = withCurrent((object) =>
    writeStatus(deps, storage, object, observeDeployment(object, timeText(deps.clock()))),
  );
  soon(state, `observe ${key}`, show);
};

/** A pod that went away is made anew by what controls it. */
const replan = (state: State, pod: KubernetesObject): void => {
  const owner = (pod.metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
  if (!owner || owner.kind === 'Job') return;
  const group = owner.apiVersion.includes('/') ? owner.apiVersion.split('/')[0] : '';
  const storage = storageKey(group ?? '', `${owner.kind.toLowerCase()}s`);
  const object = state.deps.store.get(storage, pod.metadata.namespace ?? '', owner.name);
  if (object) planSettling(state, storage, object, readyAfter(object));
};

const planNamespace = (state: State, { metadata }: KubernetesObject): void => {
  const { deps } = state;
  const name = metadata.name ?? '';
  soon(state, `namespace ${name}`, () => {
    const namespace = deps.store.get('/namespaces', '', name);
    if (namespace?.metadata.deletionTimestamp) emptyNamespace(deps, namespace);
    else if (namespace) furnishNamespace(deps, namespace);
  });
};

const observeDeletion = (state: State, { storage, object }: StoreEvent): void => {
  const { store } = state.deps;
  if (storage === '/pods') replan(state, object);
  const home = store.get('/namespaces', '', object.metadata.namespace ?? '');
  if (home?.metadata.deletionTimestamp) planNamespace(state, home);
  if (storage === definitionStorage) removeInstances(state.deps, object);
};

const observe = (state: State, event: StoreEvent): void => {
  const { type, storage, object, before } = event;
  const { collector } = state;
  if (collector.observe(event)) soon(state, 'collect', collector.collect);
  if (type === 'DELETED') return observeDeletion(state, event);
  const isEnding = object.metadata.deletionTimestamp !== undefined;
  if (storage === '/namespaces' && (type === 'ADDED' || isEnding)) planNamespace(state, object);
  if (!players[storage] || isPlayedByOwner(storage, object) || isEnding) return;
  if (type === 'MODIFIED' && before && isUnchanged(before, object)) return;
  planSettling(state, storage, object, storage === definitionStorage ? 0 : readyAfter(object));
};

const begin = (state: State): void => {
  const { store } = state.deps;
  for (const namespace of store.list('/namespaces')) planNamespace(state, namespace);
  for (const storage of Object.keys(players)) {
    for (const object of store.list(storage)) {
      if (!isUnsettled(object) || isPlayedByOwner(storage, object)) continue;
      planSettling(state, storage, object, readyAfter(object));
    }
  }
  soon(state, 'collect', state.collector.collect);
};

/**
 * Starts what plays the workload controllers, the namespace controller and the garbage collector. A workload is ready 50 ms
 * after its spec changed, or as its annotations say (`towline.dev/ready-after`, `towline.dev/fail`).
 */
export const startControllers = (deps: WriteDeps, log: Log): Controllers => {
  const failed = (error: unknown): void =>
    log.error('a controller of the embedded cluster failed', { error: String(error) });
  const timetable = createTimetable(deps.clock, failed);
  const state = { deps, timetable, collector: createGarbageCollector(deps) };
  const stop = deps.store.subscribe((event) => observe(state, event));
  begin(state);
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
