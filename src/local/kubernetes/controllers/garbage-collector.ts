import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { commitUpdate, isReleased } from '../writes/commit.ts';
import { remove } from '../writes/delete.ts';
import type { WriteDeps } from '../writes/deps.ts';

interface Place {
  storage: string;
  namespace: string;
  name: string;
}

/** Follows ownerReferences: what has lost all its owners goes. */
export interface GarbageCollector {
  /** Takes note of a change; answers whether there is work for `collect`. */
  observe(event: StoreEvent): boolean;
  collect(): void;
}

const placeOf = (storage: string, { metadata }: KubernetesObject): Place => ({
  storage,
  namespace: metadata.namespace ?? '',
  name: metadata.name ?? '',
});

const keyOf = ({ storage, namespace, name }: Place): string => `${storage}\u0000${namespace}\u0000${name}`;

const foreground = 'foregroundDeletion';

interface State {
  deps: WriteDeps;
  /** Dependents by their owner's uid. */
  owners: Map<string, Map<string, Place>>;
  /** Where each uid is. */
  alive: Map<string, Place>;
  /** Keys of what is to be looked at. */
  doubtful: Set<string>;
}

const dependentsOf = ({ owners }: State, uid: string): Place[] => [...(owners.get(uid)?.values() ?? [])];

const objectAt = ({ deps }: State, { storage, namespace, name }: Place) => deps.store.get(storage, namespace, name);

const index = ({ owners }: State, place: Place, object: KubernetesObject, isThere: boolean): void => {
  for (const { uid } of object.metadata.ownerReferences ?? []) {
    const dependents = owners.get(uid) ?? new Map<string, Place>();
    if (isThere) dependents.set(keyOf(place), place);
    else dependents.delete(keyOf(place));
    if (dependents.size > 0) owners.set(uid, dependents);
    else owners.delete(uid);
  }
};

const observe = (state: State, { type, storage, object, before }: StoreEvent): void => {
  const { alive, doubtful } = state;
  const place = placeOf(storage, object);
  const { uid = '', ownerReferences = [] } = object.metadata;
  if (before) index(state, place, before, false);
  if (type !== 'DELETED') {
    index(state, place, object, true);
    alive.set(uid, place);
    const isNew = type === 'ADDED' && ownerReferences.length > 0;
    if (isNew || object.metadata.deletionTimestamp) doubtful.add(keyOf(place));
    return;
  }
  alive.delete(uid);
  for (const dependent of dependentsOf(state, uid)) doubtful.add(keyOf(dependent));
  for (const reference of ownerReferences) {
    // An owner that waits for its dependents may be free now.
    const owner = alive.get(reference.uid);
    if (owner) doubtful.add(keyOf(owner));
  }
};

const isOrphaned = ({ alive }: State, { metadata }: KubernetesObject): boolean => {
  const references = metadata.ownerReferences ?? [];
  return references.length > 0 && references.every(({ uid }) => !alive.has(uid));
};

const erase = ({ deps }: State, place: Place, propagation: 'Background' | 'Foreground'): void => {
  const type = deps.types.stored(place.storage);
  if (type) remove(deps, { type, ...place }, { propagation, dryRun: false });
};

const orphan = (state: State, place: Place, uid: string): void => {
  const object = objectAt(state, place);
  if (!object) return;
  const left = (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
  const { ownerReferences: _gone, ...metadata } = object.metadata;
  const kept = left.length > 0 ? { ...metadata, ownerReferences: left } : metadata;
  state.deps.store.put(place.storage, { ...object, metadata: kept });
};

const dropFinalizer = ({ deps }: State, place: Place, object: KubernetesObject, name: string): void => {
  const type = deps.types.stored(place.storage);
  if (!type) return;
  const finalizers = (object.metadata.finalizers ?? []).filter((one) => one !== name);
  const { finalizers: _before, ...metadata } = object.metadata;
  const next = { ...object, metadata: finalizers.length > 0 ? { ...metadata, finalizers } : metadata };
  if (isReleased(next)) deps.store.remove(place.storage, next);
  else commitUpdate(deps, type, object, next, { dryRun: false });
};

const finishDeletion = (state: State, place: Place, object: KubernetesObject): void => {
  const { finalizers = [], uid = '' } = object.metadata;
  const dependents = dependentsOf(state, uid);
  if (finalizers.includes('orphan')) {
    for (const dependent of dependents) orphan(state, dependent, uid);
    dropFinalizer(state, place, object, 'orphan');
  } else if (finalizers.includes(foreground)) {
    if (dependents.length === 0) dropFinalizer(state, place, object, foreground);
    for (const dependent of dependents) {
      if (!objectAt(state, dependent)?.metadata.deletionTimestamp) erase(state, dependent, 'Foreground');
    }
  }
};

const look = (state: State, key: string): void => {
  const [storage = '', namespace = '', name = ''] = key.split('\u0000');
  const place = { storage, namespace, name };
  const object = objectAt(state, place);
  if (!object) return;
  if (object.metadata.deletionTimestamp) finishDeletion(state, place, object);
  else if (isOrphaned(state, object)) erase(state, place, 'Background');
};

/** Begins with what the store holds; the caller passes on the events and calls `collect` when there is work. */
export const createGarbageCollector = (deps: WriteDeps): GarbageCollector => {
  const { store } = deps;
  const state: State = { deps, owners: new Map(), alive: new Map(), doubtful: new Set() };
  for (const storage of store.storages()) {
    for (const object of store.list(storage)) {
      observe(state, { type: 'ADDED', storage, object, revision: store.revision() });
    }
  }
  return {
    observe: (event) => {
      observe(state, event);
      return state.doubtful.size > 0;
    },
    collect: () => {
      // What is deleted on the way adds to the set.
      for (const key of state.doubtful) {
        state.doubtful.delete(key);
        look(state, key);
      }
    },
  };
};
