import type { AppError } from '../../src/domain/errors.ts';
import type { KubernetesObject, ResourceRef } from '../../src/domain/kubernetes-object.ts';
import { refOf, resourceKey } from '../../src/domain/kubernetes-object.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type {
  ApiResource,
  ApplyOptions,
  ClusterConnection,
  DeleteOptions,
  ListOptions,
} from '../../src/ports/cluster.ts';
import type { State } from './fake-api-server.ts';
import { createIn, deleteIn, keyIn, listIn, patchIn, replaceIn, store } from './fake-api-server.ts';
import { applyTo } from './fake-apply.ts';
import { commonTypes } from './fake-cluster-types.ts';

export type FakeVerb = 'discover' | 'version' | 'get' | 'list' | 'apply' | 'create' | 'replace' | 'patch' | 'delete';

/** One call as it was made; `object` is what was sent. */
export interface FakeCall {
  verb: FakeVerb;
  ref?: ResourceRef;
  type?: Pick<ApiResource, 'group' | 'version' | 'kind'>;
  object?: KubernetesObject;
  patch?: unknown;
  options?: Partial<ApplyOptions> & DeleteOptions & ListOptions & { fresh?: boolean };
}

/** A cluster in memory: objects by `resourceKey`, every call in order, and ways to make it fail. */
export interface FakeCluster extends ClusterConnection {
  readonly calls: FakeCall[];
  readonly objects: ReadonlyMap<string, KubernetesObject>;
  readonly types: ApiResource[];
  /** The calls that changed the cluster or would have: no reads, no dry runs. */
  writes(): FakeCall[];
  addType(type: ApiResource): void;
  /** Stores an object as if someone else had: no call, server-side fields filled in where absent. */
  put(object: KubernetesObject): KubernetesObject;
  setStatus(ref: Pick<ResourceRef, 'group' | 'kind' | 'namespace' | 'name'>, status: unknown): void;
  /** Removes an object whatever its finalizers. */
  drop(ref: Pick<ResourceRef, 'group' | 'kind' | 'namespace' | 'name'>): void;
  /** The next `times` (1) calls of the verb that match throw the error. */
  failNext(verb: FakeVerb, error: AppError, match?: (call: FakeCall) => boolean, times?: number): void;
}

export interface FakeClusterOptions {
  types?: ApiResource[];
  version?: string;
  clock?: Clock;
  /** Objects in a namespace need its Namespace object, as on a real server. Default: they need none. */
  strictNamespaces?: boolean;
  objects?: KubernetesObject[];
}

/** Makes a cluster in memory; a stand-in for ClusterConnection with simple server-side apply (lists are atomic). */
export const createFakeCluster = (options: FakeClusterOptions = {}): FakeCluster => {
  const state: State = {
    objects: new Map(),
    types: [...(options.types ?? commonTypes)],
    clock: options.clock ?? (() => Date.UTC(2025, 0, 1)),
    strictNamespaces: options.strictNamespaces ?? false,
    revision: 0,
  };
  const calls: FakeCall[] = [];
  const failures: { verb: FakeVerb; error: AppError; match: (call: FakeCall) => boolean; left: number }[] = [];
  const record = <T>(call: FakeCall, answer: () => T): Promise<T> => {
    calls.push(structuredClone(call));
    const failure = failures.find(({ verb, match, left }) => left > 0 && verb === call.verb && match(call));
    if (failure) {
      failure.left -= 1;
      return Promise.reject(failure.error);
    }
    return Promise.resolve()
      .then(answer)
      .then((value) => structuredClone(value));
  };
  const put = (object: KubernetesObject): KubernetesObject => {
    const before = state.objects.get(keyIn(state, refOf(object)));
    return store(state, object, before);
  };
  for (const object of options.objects ?? []) put(object);
  return {
    calls,
    objects: state.objects,
    types: state.types,
    writes: () => calls.filter((call) => writeVerbs.has(call.verb) && !call.options?.dryRun),
    addType: (type) => void state.types.push(type),
    put,
    setStatus: (ref, status) => {
      const found = state.objects.get(resourceKey(ref));
      if (found) put({ ...found, status });
    },
    drop: (ref) => void state.objects.delete(resourceKey(ref)),
    failNext: (verb, error, match = () => true, times = 1) => void failures.push({ verb, error, match, left: times }),
    discover: (discovery) =>
      record({ verb: 'discover', ...(discovery ? { options: discovery } : {}) }, () => state.types),
    version: () => record({ verb: 'version' }, () => options.version ?? 'v1.35.4'),
    get: (ref) => record({ verb: 'get', ref }, () => state.objects.get(keyIn(state, ref))),
    list: (type, listing = {}) => record({ verb: 'list', type, options: listing }, () => listIn(state, type, listing)),
    apply: (object, applying) =>
      record({ verb: 'apply', ref: refOf(object), object, options: applying }, () => applyTo(state, object, applying)),
    create: (object, creating) =>
      record({ verb: 'create', ref: refOf(object), object, options: creating }, () =>
        createIn(state, object, creating.fieldManager, creating.dryRun),
      ),
    replace: (object, replacing) =>
      record({ verb: 'replace', ref: refOf(object), object, options: replacing }, () =>
        replaceIn(state, object, replacing.fieldManager, replacing.dryRun),
      ),
    patch: (ref, patch, patching) =>
      record({ verb: 'patch', ref, patch, options: patching }, () => patchIn(state, ref, patch, patching.fieldManager)),
    delete: (ref, deleting = {}) =>
      record({ verb: 'delete', ref, options: deleting }, () => deleteIn(state, ref, deleting)),
  };
};

const writeVerbs = new Set<FakeVerb>(['apply', 'create', 'replace', 'patch', 'delete']);
