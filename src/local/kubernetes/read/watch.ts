import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { badRequest, expired } from '../api-status.ts';
import type { Json } from '../json.ts';
import { present } from '../present.ts';
import type { ResourceType } from '../resource-types.ts';
import { apiVersionOf } from '../resource-types.ts';
import type { ObjectStore, StoreEvent } from '../storage/object-store.ts';
import { filterOf } from './list.ts';

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: KubernetesObject | Json;
}

export interface WatchRequest {
  type: ResourceType;
  namespace: string | undefined;
  query: URLSearchParams;
}

/** What an event of the store means to a watcher of some of its objects; undefined: nothing. */
const eventFor = (
  { type: what, object, before }: StoreEvent,
  isSeen: (object: KubernetesObject) => boolean,
): 'ADDED' | 'MODIFIED' | 'DELETED' | undefined => {
  const was = before !== undefined && isSeen(before);
  const is = what !== 'DELETED' && isSeen(object);
  if (is) return was ? 'MODIFIED' : 'ADDED';
  return was ? 'DELETED' : undefined;
};

const bookmark = (type: ResourceType, revision: number, initial: boolean): WatchEvent => ({
  type: 'BOOKMARK',
  object: {
    kind: type.kind,
    apiVersion: apiVersionOf(type),
    metadata: {
      resourceVersion: String(revision),
      creationTimestamp: null,
      ...(initial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    },
  },
});

const startRevision = (query: URLSearchParams): number | undefined => {
  const text = query.get('resourceVersion');
  if (!text || text === '0') return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`resourceVersion: Invalid value: "${text}": must be a number`);
  return Number(text);
};

const missedSince = (store: ObjectStore, from: number, send: (event: WatchEvent) => void): StoreEvent[] | undefined => {
  const missed = store.since(from);
  if (missed) return missed;
  send({ type: 'ERROR', object: expired(`too old resource version: ${from} (${store.revision()})`).status });
  return undefined;
};

export interface Watch {
  /** Tells the watcher how far it has seen; nothing where it did not ask for bookmarks. */
  bookmark(): void;
  stop(): void;
}

/**
 * Follows a type's objects: those that are there (without a resourceVersion), then every change. `send` is called in
 * order. Undefined: the history asked for is gone, which has been sent as an ERROR event with code 410.
 */
export const watch = (
  store: ObjectStore,
  { type, namespace, query }: WatchRequest,
  send: (event: WatchEvent) => void,
): Watch | undefined => {
  const filter = filterOf(type, query);
  const isSeen = (object: KubernetesObject): boolean =>
    (namespace === undefined || object.metadata.namespace === namespace) && filter(object);
  const forward = (event: StoreEvent): void => {
    if (event.storage !== type.storage) return;
    const what = eventFor(event, isSeen);
    if (what) send({ type: what, object: present(type, event.object) });
  };
  const from = startRevision(query);
  const initial = query.get('sendInitialEvents') === 'true' || from === undefined;
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  if (initial) {
    for (const object of store.list(type.storage, namespace).filter(isSeen)) {
      send({ type: 'ADDED', object: present(type, object) });
    }
    if (bookmarks && query.get('sendInitialEvents') === 'true') send(bookmark(type, store.revision(), true));
  } else {
    const missed = missedSince(store, from ?? 0, send);
    if (!missed) return undefined;
    for (const event of missed) forward(event);
  }
  const stop = store.subscribe(forward);
  return { bookmark: () => bookmarks && send(bookmark(type, store.revision(), false)), stop };
};
