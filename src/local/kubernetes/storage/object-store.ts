import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { isRecord } from '../json.ts';
import type { Journal, JournalEntry } from './journal.ts';

/** One change of one stored object; `object` is its state after (for DELETED: the last one, at the new revision). */
export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  storage: string;
  revision: number;
  object: KubernetesObject;
  before?: KubernetesObject;
}

/** All objects of one cluster, in memory and in the journal. Objects given and got are never to be changed. */
export interface ObjectStore {
  revision(): number;
  /** `namespace` is '' for cluster-scoped objects. */
  get(storage: string, namespace: string, name: string): KubernetesObject | undefined;
  /** Sorted by namespace and name; all namespaces where it is undefined. */
  list(storage: string, namespace?: string): KubernetesObject[];
  /** Those that an owner controls, in no order; looked up, not searched. */
  controlledBy(storage: string, owner: string): KubernetesObject[];
  /** Stores under the next revision and answers with what is stored. */
  put(storage: string, object: KubernetesObject): KubernetesObject;
  remove(storage: string, object: KubernetesObject): KubernetesObject;
  /** Events after a revision; undefined where they are no longer known. */
  since(revision: number): StoreEvent[] | undefined;
  subscribe(listener: (event: StoreEvent) => void): () => void;
  /** Every storage key that has objects. */
  storages(): string[];
  close(): void;
}

const historyLength = 4_000;
const texts = new WeakMap<object, string>();

/** JSON text of a stored object, made once. */
export const jsonOf = (object: KubernetesObject): string => {
  let text = texts.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    texts.set(object, text);
  }
  return text;
};

/** Sorts like the API server's keys: by namespace, then name. */
export const objectKey = (namespace: string, name: string): string => `${namespace}\u0000${name}`;

const keyOf = ({ metadata }: KubernetesObject): string => objectKey(metadata.namespace ?? '', metadata.name ?? '');

const isObject = (value: unknown): value is KubernetesObject =>
  isRecord(value) && typeof value.apiVersion === 'string' && typeof value.kind === 'string' && isRecord(value.metadata);

type Table = Map<string, KubernetesObject>;

const tableOf = (tables: Map<string, Table>, storage: string): Table => {
  let table = tables.get(storage);
  if (!table) {
    table = new Map();
    tables.set(storage, table);
  }
  return table;
};

const load = (journal: Journal, tables: Map<string, Table>): number => {
  let revision = 0;
  for (const { resource, key, revision: at, object } of journal.entries()) {
    revision = Math.max(revision, at);
    if (resource === '') continue;
    const table = tableOf(tables, resource);
    if (isObject(object)) table.set(key, object);
    else table.delete(key);
  }
  return revision;
};

const snapshot = function* (tables: Map<string, Table>, revision: number): Generator<JournalEntry> {
  // The revision itself, as the object that had it may be gone.
  yield { resource: '', key: '', revision };
  for (const [resource, table] of tables) {
    for (const [key, object] of table) yield { resource, key, revision, object: jsonOf(object) };
  }
};

const controllerOf = ({ metadata }: KubernetesObject): string | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;

const controlKey = (storage: string, owner: string): string => `${storage} ${owner}`;

/** Keys of objects by storage and controller. */
const noteController = (state: State, storage: string, object: KubernetesObject, isThere: boolean): void => {
  const owner = controllerOf(object);
  if (owner === undefined) return;
  const key = controlKey(storage, owner);
  const keys = state.controlled.get(key) ?? new Set<string>();
  if (isThere) keys.add(keyOf(object));
  else keys.delete(keyOf(object));
  if (keys.size > 0) state.controlled.set(key, keys);
  else state.controlled.delete(key);
};

interface State {
  controlled: Map<string, Set<string>>;
  journal: Journal;
  tables: Map<string, Table>;
  listeners: Set<(event: StoreEvent) => void>;
  history: StoreEvent[];
  revision: number;
  /** Events after this revision are in the history. */
  oldest: number;
}

const compactIfLong = ({ journal, tables, revision }: State): void => {
  const live = [...tables.values()].reduce((sum, table) => sum + table.size, 0);
  if (journal.size() > 2_000 + live * 3) journal.compact(snapshot(tables, revision));
};

const remember = (state: State, event: StoreEvent): void => {
  state.history.push(event);
  if (state.history.length > historyLength * 2) {
    state.history = state.history.slice(-historyLength);
    state.oldest = (state.history[0]?.revision ?? state.revision) - 1;
  }
  for (const listener of state.listeners) listener(event);
};

const numbered = (object: KubernetesObject, revision: number): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
});

const listIn = ({ tables }: State, storage: string, namespace: string | undefined): KubernetesObject[] => {
  const table = tables.get(storage);
  if (!table) return [];
  const prefix = namespace === undefined ? '' : objectKey(namespace, '');
  const keys = [...table.keys()].filter((key) => key.startsWith(prefix)).sort();
  return keys.flatMap((key) => table.get(key) ?? []);
};

const putIn = (state: State, storage: string, object: KubernetesObject): KubernetesObject => {
  const revision = state.revision + 1;
  const stored = numbered(object, revision);
  const table = tableOf(state.tables, storage);
  const key = keyOf(stored);
  const before = table.get(key);
  state.journal.append({ resource: storage, key, revision, object: jsonOf(stored) });
  state.revision = revision;
  table.set(key, stored);
  if (before) noteController(state, storage, before, false);
  noteController(state, storage, stored, true);
  const type = before ? 'MODIFIED' : 'ADDED';
  remember(state, { type, storage, revision, object: stored, ...(before ? { before } : {}) });
  compactIfLong(state);
  return stored;
};

const removeFrom = (state: State, storage: string, object: KubernetesObject): KubernetesObject => {
  const revision = state.revision + 1;
  const last = numbered(object, revision);
  const key = keyOf(last);
  state.journal.append({ resource: storage, key, revision });
  state.revision = revision;
  state.tables.get(storage)?.delete(key);
  noteController(state, storage, object, false);
  remember(state, { type: 'DELETED', storage, revision, object: last, before: object });
  return last;
};

/** Opens the store on a journal. */
export const createObjectStore = (journal: Journal): ObjectStore => {
  const tables = new Map<string, Table>();
  const revision = load(journal, tables);
  const controlled = new Map<string, Set<string>>();
  const state: State = { controlled, journal, tables, listeners: new Set(), history: [], revision, oldest: revision };
  for (const [storage, table] of tables)
    for (const object of table.values()) noteController(state, storage, object, true);
  compactIfLong(state);
  return {
    revision: () => state.revision,
    get: (storage, namespace, name) => tables.get(storage)?.get(objectKey(namespace, name)),
    list: (storage, namespace) => listIn(state, storage, namespace),
    controlledBy: (storage, owner) =>
      [...(controlled.get(controlKey(storage, owner)) ?? [])].flatMap((key) => tables.get(storage)?.get(key) ?? []),
    put: (storage, object) => putIn(state, storage, object),
    remove: (storage, object) => removeFrom(state, storage, object),
    since: (from) => (from < state.oldest ? undefined : state.history.filter((event) => event.revision > from)),
    subscribe: (listener) => {
      state.listeners.add(listener);
      return () => state.listeners.delete(listener);
    },
    storages: () => [...tables].filter(([, table]) => table.size > 0).map(([storage]) => storage),
    close: () => journal.close(),
  };
};
