import type { KubernetesObject } from '../../src/domain/kubernetes-object.ts';
import type { ScriptedAnswer, SeenRequest } from './scripted-server.ts';

const resource = (kind: string, name: string, scope: string) => ({
  resource: name,
  responseKind: { group: '', version: '', kind },
  scope,
  verbs: ['get', 'list', 'patch', 'create', 'delete'],
});

const discovery = (group: string, resources: ReturnType<typeof resource>[]) => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  items: [{ metadata: { name: group }, versions: [{ version: 'v1', resources }] }],
});

const DISCOVERY: Record<string, unknown> = {
  '/api': discovery('', [
    resource('ConfigMap', 'configmaps', 'Namespaced'),
    resource('Namespace', 'namespaces', 'Cluster'),
  ]),
  '/apis': discovery('batch', [resource('Job', 'jobs', 'Namespaced')]),
};

const MISSING = { kind: 'Status', status: 'Failure', reason: 'NotFound', details: { name: 'x', kind: 'x' } };

const isObject = (value: unknown): value is KubernetesObject =>
  typeof value === 'object' && value !== null && 'metadata' in value;

const readBody = (body: string): KubernetesObject => {
  const object: unknown = JSON.parse(body);
  if (!isObject(object)) throw new Error('a test sent what is no object');
  return object;
};

/**
 * As much of an API server as applying ConfigMaps and running Jobs needs. `applied`: paths in the order in which they were
 * written; `statusOf` gives what is read its status.
 */
export const createSmallApi = (statusOf: (object: KubernetesObject) => unknown = () => undefined) => {
  const stored = new Map<string, KubernetesObject>();
  const applied: string[] = [];
  const shown = (object: KubernetesObject): KubernetesObject => {
    const status = statusOf(object);
    return status === undefined ? object : { ...object, status };
  };

  const apply = (path: string, isDryRun: boolean, sent: KubernetesObject): ScriptedAnswer => {
    const object = { ...sent, metadata: { ...sent.metadata, uid: path, resourceVersion: '1' } };
    if (isDryRun) return { json: object };
    stored.set(path, object);
    applied.push(path);
    return { json: shown(object) };
  };
  /** Of JSON patches the one that frees a hook of its finalizer. */
  const patch = (path: string): ScriptedAnswer => {
    const object = stored.get(path);
    if (!object) return { status: 404, json: MISSING };
    const { finalizers: _gone, ...metadata } = object.metadata;
    stored.set(path, { ...object, metadata });
    return { json: shown({ ...object, metadata }) };
  };
  const read = (path: string): ScriptedAnswer => {
    if (path in DISCOVERY) return { json: DISCOVERY[path] };
    const object = stored.get(path);
    if (object) return { json: shown(object) };
    if (!/\/(configmaps|jobs)$/.test(path)) return { status: 404, json: MISSING };
    const items = [...stored].flatMap(([at, one]) => (at.startsWith(`${path}/`) ? [shown(one)] : []));
    return { json: { kind: 'List', apiVersion: 'v1', metadata: {}, items } };
  };
  const answer = ({ method, url, headers, body }: SeenRequest): ScriptedAnswer => {
    const [path = '', query = ''] = url.split('?');
    const isDryRun = query.includes('dryRun=All');
    if (method === 'GET') return read(path);
    if (method === 'DELETE') return { json: { kind: 'Status', status: stored.delete(path) ? 'Success' : 'Failure' } };
    if (method === 'POST') {
      const object = readBody(body);
      return apply(`${path}/${object.metadata.name}`, isDryRun, object);
    }
    if (headers['content-type'] === 'application/json-patch+json') return patch(path);
    return apply(path, isDryRun, readBody(body));
  };
  return { answer, applied };
};
