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

export const createGarbageCollector = (deps: WriteDeps): GarbageCollector => {
  const { store, types } = deps;
  const owners = new Map<string, Map<string, Place>>();
  const alive = new Map<string, Place>();
  const doubtful = new Set<string>();

  const dependentsOf = (uid: string): Place[] => [...(owners.get(uid)?.values() ?? [])];
  const objectAt = ({ storage, namespace, name }: Place) => store.get(storage, namespace, name);

  const index = (place: Place, object: KubernetesObject, isThere: boolean): void => {
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const dependents = owners.get(uid) ?? new Map<string, Place>();
      if (isThere) dependents.set(keyOf(place), place);
      else dependents.delete(keyOf(place));
      if (dependents.size > 0) owners.set(uid, dependents);
      else owners.delete(uid);
    }
  };

  const observe: GarbageCollector['observe'] = ({ type, storage, object, before }) => {
    const place = placeOf(storage, object);
    const uid = object.metadata.uid ?? '';
    if (before) index(place, before, false);
    if (type === 'DELETED') alive.delete(uid);
    else {
      index(place, object, true);
      alive.set(uid, place);
    }
    const references = object.metadata.ownerReferences ?? [];
    if (type === 'DELETED') {
      for (const dependent of dependentsOf(uid)) doubtful.add(keyOf(dependent));
      for (const owner of references) noteOwner(owner.uid);
    } else if (object.metadata.deletionTimestamp || (type === 'ADDED' && references.length > 0)) {
      doubtful.add(keyOf(place));
    }
    return doubtful.size > 0;
  };

  /** An owner that waits for its dependents may be free now. */
  const noteOwner = (uid: string): void => {
    const place = alive.get(uid);
    if (place) doubtful.add(keyOf(place));
  };

  const isOrphaned = ({ metadata }: KubernetesObject): boolean => {
    const references = metadata.ownerReferences ?? [];
    return references.length > 0 && references.every(({ uid }) => !alive.has(uid));
  };

  const erase = (place: Place, propagation: 'Background' | 'Foreground'): void => {
    const type = types.stored(place.storage);
    if (type) remove(deps, { type, ...place }, { propagation, dryRun: false });
  };

  const orphan = (place: Place, uid: string): void => {
    const object = objectAt(place);
    if (!object) return;
    const left = (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
    const { ownerReferences: _gone, ...metadata } = object.metadata;
    store.put(place.storage, {
      ...object,
      metadata: left.length > 0 ? { ...metadata, ownerReferences: left } : metadata,
    });
  };

  const dropFinalizer = (place: Place, object: KubernetesObject, name: string): void => {
    const type = types.stored(place.storage);
    if (!type) return;
    const finalizers = (object.metadata.finalizers ?? []).filter((one) => one !== name);
    const { finalizers: _before, ...metadata } = object.metadata;
    const next = { ...object, metadata: finalizers.length > 0 ? { ...metadata, finalizers } : metadata };
    if (isReleased(next)) store.remove(place.storage, next);
    else commitUpdate(deps, type, object, next, { dryRun: false });
  };

  const finishDeletion = (place: Place, object: KubernetesObject): void => {
    const { finalizers = [], uid = '' } = object.metadata;
    if (finalizers.includes('orphan')) {
      for (const dependent of dependentsOf(uid)) orphan(dependent, uid);
      dropFinalizer(place, object, 'orphan');
    } else if (finalizers.includes(foreground)) {
      const dependents = dependentsOf(uid);
      if (dependents.length === 0) dropFinalizer(place, object, foreground);
      for (const dependent of dependents) {
        if (!objectAt(dependent)?.metadata.deletionTimestamp) erase(dependent, 'Foreground');
      }
    }
  };

  const look = (key: string): void => {
    const [storage = '', namespace = '', name = ''] = key.split('\u0000');
    const place = { storage, namespace, name };
    const object = objectAt(place);
    if (!object) return;
    if (object.metadata.deletionTimestamp) finishDeletion(place, object);
    else if (isOrphaned(object)) erase(place, 'Background');
  };

  for (const storage of store.storages()) {
    for (const object of store.list(storage)) {
      observe({ type: 'ADDED', storage, object, revision: store.revision() });
    }
  }
  return {
    observe,
    collect: () => {
      // What is deleted on the way adds to the set.
      for (const key of doubtful) {
        doubtful.delete(key);
        look(key);
      }
    },
  };
};
