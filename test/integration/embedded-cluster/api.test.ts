import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningCluster } from '../../../src/local/kubernetes/embedded-cluster.ts';
import type { Answer } from './client.ts';
import { apply, call, startCluster, until, watchEvents } from './client.ts';

let dir = '';
let cluster: RunningCluster;
const at = (path: string) => `/api/v1/namespaces/default/${path}`;
const apps = (path: string) => `/apis/apps/v1/namespaces/default/${path}`;
const get = (path: string) => call(cluster, 'GET', path);
const post = (path: string, body: unknown) => call(cluster, 'POST', path, body);
const remove = (path: string, body?: unknown) => call(cluster, 'DELETE', path, body);
const gone = ({ status }: Answer) => status === 404;

const map = (name: string, more = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...more } });
const deployment = (name: string, annotations = {}, replicas = 2, image = 'nginx:1') => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, annotations },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image }] } },
  },
});

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'towline-embedded-'));
  cluster = await startCluster(dir);
});
afterAll(async () => {
  await cluster.close();
  await rm(dir, { recursive: true, force: true });
});

describe('access', () => {
  test('is refused without the token, but for probes', async () => {
    const stranger = { ...cluster, token: 'other' };
    expect(await call(stranger, 'GET', '/api/v1/namespaces')).toMatchObject({
      status: 401,
      body: { kind: 'Status', reason: 'Unauthorized' },
    });
    expect((await call(stranger, 'GET', '/readyz')).body).toBe('ok');
  });

  test('is on loopback, with a certificate that verifies', () => {
    expect(cluster.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  });
});

describe('refusals', () => {
  test.each([
    ['an unknown type', 'GET', '/apis/nope.io/v1/things', undefined, 404, 'NotFound'],
    ['a missing object', 'GET', at('configmaps/none'), undefined, 404, 'NotFound'],
    ['a missing namespace', 'POST', '/api/v1/namespaces/none/configmaps', map('a'), 404, 'NotFound'],
    ['JSON that is none', 'POST', at('configmaps'), '{"kind":', 400, 'BadRequest'],
    ['another kind', 'POST', at('configmaps'), { ...map('a'), kind: 'Secret' }, 400, 'BadRequest'],
    ['a wrong type', 'POST', apps('deployments'), { spec: { replicas: 'x' } }, 400, 'BadRequest'],
    ['a bad name', 'POST', at('configmaps'), map('Bad_Name'), 422, 'Invalid'],
    ['no name', 'POST', at('configmaps'), { kind: 'ConfigMap' }, 422, 'Invalid'],
    ['no selector and containers', 'POST', apps('deployments'), { metadata: { name: 'a' } }, 422, 'Invalid'],
    ['what is there', 'POST', '/api/v1/namespaces', { metadata: { name: 'default' } }, 409, 'AlreadyExists'],
    ['logs', 'GET', at('pods/x/log'), undefined, 501, 'NotImplemented'],
    ['access control', 'POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {}, 501, 'NotImplemented'],
    ['a method', 'POST', at('configmaps/x'), {}, 405, 'MethodNotAllowed'],
  ])('of %s', async (_name, method, path, body, status, reason) => {
    expect(await call(cluster, method, path, body)).toMatchObject({ status, body: { kind: 'Status', reason } });
  });

  test('of apply without a manager, with another name, with what is not declared', async () => {
    expect(await apply(cluster, at('configmaps/a'), map('a'), '')).toMatchObject({ status: 422 });
    expect(await apply(cluster, at('configmaps/b'), map('a'))).toMatchObject({ status: 400 });
    const answer = await apply(cluster, at('configmaps/a'), { ...map('a'), foo: 1 });
    expect(answer.status).toBe(500);
    expect(answer.body.message).toBe(
      'failed to create typed patch object (/a; v1, Kind=ConfigMap): .foo: field not declared in schema',
    );
    expect(answer.body.reason).toBeUndefined();
  });

  test('of changes to what cannot change', async () => {
    await post(apps('deployments'), deployment('fixed'));
    const changed = { spec: { selector: { matchLabels: { app: 'other' } } } };
    const headers = { 'content-type': 'application/merge-patch+json' };
    const answer = await call(cluster, 'PATCH', apps('deployments/fixed'), changed, headers);
    expect(answer).toMatchObject({ status: 422 });
    expect(answer.body.details.causes.map(({ field }: { field: string }) => field)).toContain('spec.selector');
  });

  test('of an outdated version, and of another uid', async () => {
    await post(at('configmaps'), map('versions'));
    const stale = map('versions', { resourceVersion: '1' });
    expect(await call(cluster, 'PUT', at('configmaps/versions'), stale)).toMatchObject({
      status: 409,
      body: { reason: 'Conflict' },
    });
    const preconditions = { preconditions: { uid: 'another' } };
    expect(await remove(at('configmaps/versions'), preconditions)).toMatchObject({ status: 409 });
    expect((await get(at('configmaps/versions'))).status).toBe(200);
  });

  test('of unknown fields by Strict, with a warning by default', async () => {
    const body = { ...map('strict'), foo: 1 };
    expect(await post(`${at('configmaps')}?fieldValidation=Strict`, body)).toMatchObject({ status: 400 });
    const answer = await post(at('configmaps'), body);
    expect(answer.status).toBe(201);
    expect(answer.headers.warning).toBe('299 - "unknown field \\"foo\\""');
    expect(answer.body.foo).toBeUndefined();
  });
});

describe('dry runs', () => {
  test('answer like the real thing and store nothing', async () => {
    const dry = await apply(cluster, apps('deployments/dry'), deployment('dry'), 'fieldManager=test&dryRun=All');
    expect(dry).toMatchObject({ status: 201, body: { spec: { revisionHistoryLimit: 10 } } });
    expect((await get(apps('deployments/dry'))).status).toBe(404);
    await post(at('configmaps'), map('undeleted'));
    expect((await remove(`${at('configmaps/undeleted')}?dryRun=All`)).status).toBe(200);
    expect((await get(at('configmaps/undeleted'))).status).toBe(200);
  });
});

describe('lists', () => {
  test('come in pages, sorted, filtered by labels and fields', async () => {
    await post('/api/v1/namespaces', { metadata: { name: 'paged' } });
    const path = '/api/v1/namespaces/paged/configmaps';
    for (const name of ['c', 'a', 'b']) await post(path, map(name, { labels: { odd: String(name !== 'b') } }));
    const first = await get(`${path}?limit=2`);
    const second = await get(`${path}?limit=2&continue=${first.body.metadata.continue}`);
    const names = (answer: Answer) => answer.body.items.map((item: Answer['body']) => item.metadata.name);
    expect([names(first), names(second)]).toEqual([['a', 'b'], ['c']]);
    expect(second.body.metadata.continue).toBeUndefined();
    expect(names(await get(`${path}?labelSelector=odd%3Dtrue`))).toEqual(['a', 'c']);
    expect(names(await get(`${path}?fieldSelector=metadata.name%3Db`))).toEqual(['b']);
  });

  test('are tables where asked for', async () => {
    const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const { body } = await call(cluster, 'GET', '/api/v1/namespaces', undefined, headers);
    expect(body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['Name', 'Status', 'Age']);
    expect(body.rows[0].cells.slice(0, 2)).toEqual(['default', 'Active']);
  });
});

describe('watches', () => {
  test('tell what changes after a version', async () => {
    const { body } = await get(at('configmaps'));
    const path = `${at('configmaps')}?watch=true&labelSelector=w&resourceVersion=${body.metadata.resourceVersion}`;
    const events = watchEvents(cluster, path, 3);
    await post(at('configmaps'), map('unseen'));
    await post(at('configmaps'), map('seen', { labels: { w: '' } }));
    await call(
      cluster,
      'PATCH',
      at('configmaps/seen'),
      { data: { a: 'b' } },
      { 'content-type': 'application/merge-patch+json' },
    );
    // Out of the selection: for the watcher it is gone.
    await call(
      cluster,
      'PATCH',
      at('configmaps/seen'),
      { metadata: { labels: { w: null } } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect((await events).map(({ type, object }) => [type, object.metadata.name])).toEqual([
      ['ADDED', 'seen'],
      ['MODIFIED', 'seen'],
      ['DELETED', 'seen'],
    ]);
  });

  test('begin with what is there and say when that is done', async () => {
    const query = 'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
    const { body } = await get('/api/v1/nodes');
    const events = await watchEvents(cluster, `/api/v1/nodes?${query}`, body.items.length + 1);
    expect(events.at(-1)).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
  });
});

describe('controllers', () => {
  const available = (name: string) =>
    until(
      () => get(apps(`deployments/${name}`)),
      ({ body }) => body.status?.availableReplicas === 2,
    );

  test('make a Deployment available, with its ReplicaSet and pods, and follow its template', async () => {
    await apply(cluster, apps('deployments/web'), deployment('web'));
    await available('web');
    await apply(cluster, apps('deployments/web'), deployment('web', {}, 2, 'nginx:2'));
    await until(
      () => get(apps('deployments/web')),
      ({ body }) => body.status.observedGeneration === 2,
    );
    const { body } = await get(at('pods?labelSelector=app%3Dweb'));
    const images = body.items.map((pod: Answer['body']) => pod.spec.containers[0].image);
    expect(images).toEqual(['nginx:2', 'nginx:2']);
    expect((await get(apps('replicasets?labelSelector=app%3Dweb'))).body.items).toHaveLength(2);
  });

  test('fail one that shall fail, and mend it', async () => {
    await apply(cluster, apps('deployments/bad'), deployment('bad', { 'towline.dev/fail': 'true' }));
    const failed = await until(
      () => get(apps('deployments/bad')),
      ({ body }) => body.status?.conditions !== undefined,
    );
    expect(failed.body.status.conditions[1]).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
    await apply(cluster, apps('deployments/bad'), deployment('bad'));
    await available('bad');
  });

  test('show one progressing that takes its time', async () => {
    await apply(cluster, apps('deployments/slow'), deployment('slow', { 'towline.dev/ready-after': '700ms' }));
    const seen = await until(
      () => get(apps('deployments/slow')),
      ({ body }) => body.status?.observedGeneration === 1,
    );
    expect(seen.body.status).toMatchObject({ unavailableReplicas: 2 });
    await available('slow');
  });

  test('make a pod anew that was deleted', async () => {
    await apply(cluster, apps('deployments/again'), deployment('again'));
    await available('again');
    const pods = () => get(at('pods?labelSelector=app%3Dagain'));
    const [first] = (await pods()).body.items;
    await remove(at(`pods/${first.metadata.name}`));
    const after = await until(pods, ({ body }) => body.items.length === 2);
    expect(after.body.items.map((pod: Answer['body']) => pod.metadata.uid)).not.toContain(first.metadata.uid);
  });

  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x:1' }] } };
  test.each([
    ['Job', '/apis/batch/v1/namespaces/default/jobs', { template }, 'succeeded', 1],
    [
      'DaemonSet',
      apps('daemonsets'),
      {
        selector: { matchLabels: { a: 'ds' } },
        template: { metadata: { labels: { a: 'ds' } }, spec: { containers: template.spec.containers } },
      },
      'numberAvailable',
      1,
    ],
    [
      'StatefulSet',
      apps('statefulsets'),
      {
        serviceName: 's',
        selector: { matchLabels: { a: 'ss' } },
        template: {
          metadata: { labels: { a: 'ss' } },
          spec: { containers: [{ name: 'c', image: 'x:1', volumeMounts: [{ name: 'data', mountPath: '/d' }] }] },
        },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }],
      },
      'readyReplicas',
      1,
    ],
    ['PersistentVolumeClaim', at('persistentvolumeclaims'), { accessModes: ['ReadWriteOnce'] }, 'phase', 'Bound'],
  ])('make a %s healthy', async (kind, path, spec, field, wanted) => {
    const name = `healthy-${kind.toLowerCase()}`;
    expect(await post(path, { kind, metadata: { name }, spec })).toMatchObject({ status: 201 });
    await until(
      () => get(`${path}/${name}`),
      ({ body }) => body.status?.[field] === wanted,
    );
  });

  test('give a LoadBalancer its address', async () => {
    await post(at('services'), { metadata: { name: 'lb' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } });
    const { body } = await until(
      () => get(at('services/lb')),
      (one) => one.body.status.loadBalancer.ingress,
    );
    expect(body.status.loadBalancer.ingress[0].ip).toMatch(/^192\.0\.2\./);
  });
});

describe('deletion', () => {
  const owned = async (name: string) => {
    const { body } = await post(at('configmaps'), map(`${name}-owner`));
    const { uid } = body.metadata;
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'ConfigMap', name: `${name}-owner`, uid, blockOwnerDeletion: true },
    ];
    await post(at('configmaps'), map(`${name}-dependent`, { ownerReferences }));
  };

  test.each(['Background', 'Foreground'])('takes dependents along: %s', async (propagationPolicy) => {
    const name = propagationPolicy.toLowerCase();
    await owned(name);
    await remove(at(`configmaps/${name}-owner`), { propagationPolicy });
    await until(() => get(at(`configmaps/${name}-dependent`)), gone);
    await until(() => get(at(`configmaps/${name}-owner`)), gone);
  });

  test('leaves orphans without their owner', async () => {
    await owned('orphan');
    await remove(at('configmaps/orphan-owner'), { propagationPolicy: 'Orphan' });
    await until(() => get(at('configmaps/orphan-owner')), gone);
    const { body } = await get(at('configmaps/orphan-dependent'));
    expect(body.metadata.ownerReferences).toBeUndefined();
  });

  test('waits for finalizers', async () => {
    await post(at('configmaps'), map('held', { finalizers: ['example.com/hold'] }));
    expect((await remove(at('configmaps/held'))).body.metadata.deletionTimestamp).toBeDefined();
    const headers = { 'content-type': 'application/merge-patch+json' };
    await call(cluster, 'PATCH', at('configmaps/held'), { metadata: { finalizers: null } }, headers);
    expect((await get(at('configmaps/held'))).status).toBe(404);
  });

  test('of a namespace empties it, and refuses new objects meanwhile', async () => {
    await post('/api/v1/namespaces', { metadata: { name: 'ending' } });
    const path = '/api/v1/namespaces/ending/configmaps';
    await post(path, map('plain'));
    await post(path, map('held', { finalizers: ['example.com/hold'] }));
    expect((await remove('/api/v1/namespaces/ending')).body.status.phase).toBe('Terminating');
    const refused = await post(path, map('late'));
    expect(refused).toMatchObject({ status: 403, body: { reason: 'Forbidden' } });
    expect(refused.body.details.causes[0].reason).toBe('NamespaceTerminating');
    await until(() => get(`${path}/plain`), gone);
    const headers = { 'content-type': 'application/merge-patch+json' };
    await call(cluster, 'PATCH', `${path}/held`, { metadata: { finalizers: null } }, headers);
    await until(() => get('/api/v1/namespaces/ending'), gone);
  });
});

describe('custom resources', () => {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: {
                  type: 'object',
                  required: ['size'],
                  properties: {
                    size: { type: 'string', enum: ['S', 'M'] },
                    color: { type: 'string', default: 'red' },
                    list: { type: 'array', items: { type: 'string' } },
                    parts: {
                      type: 'array',
                      'x-kubernetes-list-type': 'map',
                      'x-kubernetes-list-map-keys': ['name'],
                      items: { type: 'object', properties: { name: { type: 'string' }, count: { type: 'integer' } } },
                    },
                  },
                },
                status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
          },
        },
      ],
    },
  };
  const path = '/apis/example.com/v1/namespaces/default/widgets';
  const widget = (spec: unknown) => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec });

  test('are served once defined, by their schema, and go with their definition', async () => {
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await apply(cluster, `${crds}/widgets.example.com`, definition);
    const established = ({ body }: Answer) =>
      body.status?.conditions?.some((one: Answer['body']) => one.type === 'Established' && one.status === 'True');
    await until(() => get(`${crds}/widgets.example.com`), established);

    const bad = await apply(cluster, `${path}/w`, widget({ size: 'Q' }));
    expect(bad).toMatchObject({ status: 422, body: { details: { causes: [{ field: 'spec.size' }] } } });
    expect(await apply(cluster, `${path}/w`, widget({ size: 'S', shape: 1 }))).toMatchObject({ status: 500 });

    await apply(cluster, `${path}/w`, widget({ size: 'S', parts: [{ name: 'a', count: 1 }] }), 'fieldManager=one');
    const parts = { parts: [{ name: 'b', count: 2 }], size: 'S' };
    const { body } = await apply(cluster, `${path}/w`, widget(parts), 'fieldManager=two');
    expect(body.spec).toEqual({
      size: 'S',
      color: 'red',
      parts: [
        { name: 'a', count: 1 },
        { name: 'b', count: 2 },
      ],
    });
    const status = await call(cluster, 'PUT', `${path}/w/status`, { ...body, status: { phase: 'Done' }, spec: {} });
    expect(status.body).toMatchObject({ spec: body.spec, status: { phase: 'Done' } });
    expect(status.body.metadata.generation).toBe(body.metadata.generation);

    await remove(`${crds}/widgets.example.com`);
    await until(() => get(`${path}/w`), gone);
    expect((await get('/apis/example.com/v1')).status).toBe(404);
  });
});

describe('scale', () => {
  test('reads and writes replicas', async () => {
    await post(apps('deployments'), deployment('scaled'));
    const scale = await get(apps('deployments/scaled/scale'));
    expect(scale.body).toMatchObject({ kind: 'Scale', spec: { replicas: 2 }, status: { selector: 'app=scaled' } });
    await call(cluster, 'PUT', apps('deployments/scaled/scale'), {
      ...scale.body,
      metadata: {},
      spec: { replicas: 5 },
    });
    const { body } = await get(apps('deployments/scaled'));
    expect(body.spec.replicas).toBe(5);
    expect(body.metadata.managedFields.some((one: Answer['body']) => one.subresource === 'scale')).toBe(true);
  });
});
