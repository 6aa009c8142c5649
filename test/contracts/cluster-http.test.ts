import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ConnectClusterDeps } from '../../src/adapters/kubernetes/connect-cluster.ts';
import { connectCluster } from '../../src/adapters/kubernetes/connect-cluster.ts';
import { defaultLimits } from '../../src/adapters/kubernetes/transport.ts';
import { errorFrom } from './cluster-suite.ts';
import type { ScriptedAnswer, SeenRequest } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

const discoveryOf = (groups: Record<string, [kind: string, resource: string][]>) => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  items: Object.entries(groups).map(([name, resources]) => ({
    metadata: { name },
    versions: [
      {
        version: 'v1',
        resources: resources.map(([kind, resource]) => ({
          resource,
          responseKind: { group: '', version: '', kind },
          scope: 'Namespaced',
          verbs: ['get', 'list', 'patch'],
        })),
      },
    ],
  })),
});

/** Discovery answered, everything else as the script says; `count` numbers the script's own requests from 1. */
const withDiscovery = (script: (request: SeenRequest, count: number) => ScriptedAnswer | Promise<ScriptedAnswer>) => {
  let count = 0;
  return (request: SeenRequest): ScriptedAnswer | Promise<ScriptedAnswer> => {
    const core: [string, string][] = [
      ['ConfigMap', 'configmaps'],
      ['Secret', 'secrets'],
    ];
    if (request.url === '/api') return { json: discoveryOf({ '': core }) };
    if (request.url === '/apis') return { json: discoveryOf({}) };
    count += 1;
    return script(request, count);
  };
};

const connectTo = async (url: string, deps: Partial<ConnectClusterDeps> = {}, session = 'rollout-1') => {
  const waits: number[] = [];
  const connect = connectCluster({
    clock: () => 0,
    random: () => 0.5,
    sleep: async (milliseconds) => void waits.push(milliseconds),
    embedded: () => ({ url, token: 'a-token' }),
    ...deps,
  });
  const config = { name: 'demo', labels: {}, annotations: {}, access: { type: 'embedded' as const } };
  return { cluster: await connect(config, session), waits };
};

const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'ns', uid: 'u' } };
const ref = { group: '', version: 'v1', kind: 'ConfigMap', namespace: 'ns', name: 'a' };
const secretRef = { ...ref, kind: 'Secret' };
const ours = { fieldManager: 'argocd-controller' };

const failure = (code: number, reason: string, more: object = {}): ScriptedAnswer => ({
  status: code,
  json: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `said ${reason}`, reason, code, ...more },
});

describe('a throttling API server', () => {
  test('is asked again after the time that it names', async () => {
    const answers = [
      { ...failure(429, 'TooManyRequests'), headers: { 'retry-after': '1' } },
      failure(503, ''),
      { json: map },
    ];
    await using server = await startScriptedServer(withDiscovery((_, count) => answers[count - 1] ?? {}));
    const { cluster, waits } = await connectTo(server.url);
    expect(await cluster.apply(map, ours)).toEqual(map);
    expect(waits).toEqual([1100, 200]);
  });

  test('ends in cluster-throttled when it does not stop', async () => {
    const details = { retryAfterSeconds: 1 };
    await using server = await startScriptedServer(withDiscovery(() => failure(429, 'TooManyRequests', { details })));
    const { cluster, waits } = await connectTo(server.url);
    const error = await errorFrom(cluster.get(ref));
    expect(error).toMatchObject({ code: 'cluster-throttled', kind: 'transient', retryAfterSeconds: 1 });
    expect(waits).toEqual([1_100, 1_200, 1_400, 1_800, 2_600, 4_200]);
  });

  test('that wants more time than a worker has is left to the queue at once', async () => {
    const late = { ...failure(429, 'TooManyRequests'), headers: { 'retry-after': '60' } };
    await using server = await startScriptedServer(withDiscovery(() => late));
    const { cluster, waits } = await connectTo(server.url);
    expect(await errorFrom(cluster.get(ref))).toMatchObject({ code: 'cluster-throttled', retryAfterSeconds: 60 });
    expect(waits).toEqual([]);
  });
});

describe('an answer that is an error', () => {
  const terminating = { details: { causes: [{ reason: 'NamespaceTerminating', message: 'x', field: '' }] } };
  const ownedBy = {
    details: {
      causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "kubectl" using v1', field: '.data.a' }],
    },
  };
  const namespaceMissing = { details: { name: 'ns', kind: 'namespaces' } };
  const cases: [title: string, answer: ScriptedAnswer, expected: object][] = [
    ['401', failure(401, 'Unauthorized'), { code: 'cluster-denied', kind: 'permanent' }],
    [
      '403',
      failure(403, 'Forbidden'),
      { code: 'cluster-denied', kind: 'permanent', details: { verb: 'patch', resource: 'configmaps' } },
    ],
    [
      '403 of a terminating namespace',
      failure(403, 'Forbidden', terminating),
      { code: 'namespace-terminating', kind: 'transient' },
    ],
    [
      '404 of the namespace',
      failure(404, 'NotFound', namespaceMissing),
      { code: 'namespace-missing', kind: 'permanent' },
    ],
    [
      '404 of the object',
      failure(404, 'NotFound', { details: { name: 'a', kind: 'configmaps' } }),
      { code: 'object-missing' },
    ],
    ['404 of the type', failure(404, 'NotFound', { details: {} }), { code: 'kind-unknown', kind: 'permanent' }],
    ['404 page not found', { status: 404, text: '404 page not found' }, { code: 'kind-unknown' }],
    [
      '409 of owners',
      failure(409, 'Conflict', ownedBy),
      { code: 'apply-conflict', details: { conflicts: [{ manager: 'kubectl', field: '.data.a' }] } },
    ],
    ['409 of versions', failure(409, 'Conflict'), { code: 'precondition-failed', kind: 'transient' }],
    ['413', failure(413, 'RequestEntityTooLarge'), { code: 'apply-invalid', kind: 'permanent' }],
    [
      '422',
      failure(422, 'Invalid', { details: { name: 'a', causes: [{ reason: 'FieldValueInvalid', field: 'data' }] } }),
      { code: 'apply-invalid', details: { causes: [{ field: 'data', reason: 'FieldValueInvalid' }] } },
    ],
    [
      '500 of a webhook',
      failure(500, 'InternalError', { details: { causes: [{ message: 'failed calling webhook' }] } }),
      { code: 'cluster-failed', kind: 'transient' },
    ],
    ['502 of a proxy', { status: 502, text: '<html>' }, { code: 'cluster-failed', kind: 'transient' }],
    ['a login page', { status: 200, text: '<html>' }, { code: 'cluster-failed', kind: 'transient' }],
    ['a redirect', { status: 302, text: '' }, { code: 'cluster-failed', kind: 'transient' }],
  ];
  test.each(cases)('%s', async (_title, answer, expected) => {
    await using server = await startScriptedServer(withDiscovery(() => answer));
    const { cluster } = await connectTo(server.url);
    expect(await errorFrom(cluster.apply(map, ours))).toMatchObject(expected);
  });

  test('without a reason is the object’s fault only while the API server is ready', async () => {
    const untyped = { status: 500, json: { kind: 'Status', metadata: {}, message: 'field not declared', code: 500 } };
    for (const [ready, code] of [
      [200, 'apply-invalid'],
      [500, 'cluster-failed'],
    ] as const) {
      const script = withDiscovery(({ url }) => (url === '/readyz' ? { status: ready, text: 'ok' } : untyped));
      await using server = await startScriptedServer(script);
      const { cluster } = await connectTo(server.url);
      expect(await errorFrom(cluster.apply(map, ours))).toMatchObject({ code });
    }
  });

  test('about a Secret says nothing of its values', async () => {
    for (const status of [400, 403, 409, 422, 429, 500]) {
      const answer = failure(status, 'Invalid', {
        message: 'Invalid value: "hunter2"',
        details: { name: 'a', causes: [{ reason: 'FieldValueInvalid', message: '"hunter2"', field: 'data[x]' }] },
      });
      await using server = await startScriptedServer(withDiscovery(() => answer));
      const { cluster } = await connectTo(server.url);
      const secret = { ...map, kind: 'Secret', data: { x: 'hunter2' } };
      for (const call of [cluster.apply(secret, ours), cluster.patch(secretRef, {}, ours), cluster.delete(secretRef)]) {
        const error = await errorFrom(call);
        expect(`${error.message}${JSON.stringify(error.details)}${String(error.cause)}`).not.toContain('hunter2');
      }
    }
  });

  test('names what is missing', async () => {
    await using server = await startScriptedServer(withDiscovery(() => failure(403, 'Forbidden')));
    const { cluster } = await connectTo(server.url);
    const error = await errorFrom(cluster.list({ group: '', version: 'v1', kind: 'Secret' }));
    expect(error.message).toContain('cluster "demo" refused; needed: list secrets in the whole cluster');
  });
});

describe('a list', () => {
  test('begins again when its continue token has expired', async () => {
    const page = (names: string[], next?: string): ScriptedAnswer => ({
      json: {
        kind: 'ConfigMapList',
        metadata: { continue: next },
        items: names.map((name) => ({ metadata: { name } })),
      },
    });
    const answers = [page(['a'], 'one'), failure(410, 'Expired'), page(['a', 'b'], 'two'), page(['c'])];
    await using server = await startScriptedServer(withDiscovery((_, count) => answers[count - 1] ?? {}));
    const { cluster } = await connectTo(server.url);
    const listed = await cluster.list(ref, { labelSelector: 'a=b,c' });
    expect(listed.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(listed[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(server.requests.at(-1)?.url).toBe('/api/v1/configmaps?limit=500&continue=two&labelSelector=a%3Db%2Cc');
  });

  test('whose tokens keep expiring is read in one answer', async () => {
    const script = withDiscovery(({ url }) => {
      if (url.includes('continue=')) return failure(410, 'Expired');
      return {
        json: { metadata: url.includes('limit=') ? { continue: 'x' } : {}, items: [{ metadata: { name: 'a' } }] },
      };
    });
    await using server = await startScriptedServer(script);
    const { cluster } = await connectTo(server.url);
    expect(await cluster.list(ref)).toHaveLength(1);
    expect(server.requests.at(-1)?.url).toBe('/api/v1/configmaps');
  });
});

describe('discovery', () => {
  test('is not sent again while its ETag stands', async () => {
    await using server = await startScriptedServer(({ headers, url }) => {
      if (headers['if-none-match'] === `"${url}"`) return { status: 304, text: '' };
      return {
        json: discoveryOf({ [url === '/api' ? '' : 'apps']: [['Thing', 'things']] }),
        headers: { etag: `"${url}"` },
      };
    });
    const { cluster } = await connectTo(server.url);
    const first = await cluster.discover();
    expect(await cluster.discover()).toBe(first);
    expect(server.requests).toHaveLength(2);
    expect(await cluster.discover({ fresh: true })).toEqual(first);
    expect(server.requests.slice(2).map(({ headers }) => headers['if-none-match'])).toEqual(['"/api"', '"/apis"']);
  });

  test('reads servers that know the classic form only, and leaves out groups that are down', async () => {
    const classic: Record<string, ScriptedAnswer> = {
      '/api': { json: { kind: 'APIVersions', versions: ['v1'] } },
      '/apis': {
        json: {
          kind: 'APIGroupList',
          groups: [
            { name: 'apps', versions: [{ version: 'v1' }] },
            { name: 'down.example.com', versions: [{ version: 'v1' }] },
          ],
        },
      },
      '/api/v1': {
        json: {
          resources: [
            { name: 'pods', kind: 'Pod', namespaced: true, verbs: ['get'] },
            { name: 'pods/status', kind: 'Pod', namespaced: true, verbs: ['get'] },
          ],
        },
      },
      '/apis/apps/v1': {
        json: { resources: [{ name: 'deployments', kind: 'Deployment', namespaced: true, verbs: ['get'] }] },
      },
      '/apis/down.example.com/v1': failure(503, 'ServiceUnavailable'),
    };
    await using server = await startScriptedServer(({ url }) => classic[url] ?? { status: 404 });
    const { cluster } = await connectTo(server.url);
    expect(await cluster.discover()).toEqual([
      { group: '', version: 'v1', kind: 'Pod', resource: 'pods', namespaced: true, verbs: ['get'] },
      { group: 'apps', version: 'v1', kind: 'Deployment', resource: 'deployments', namespaced: true, verbs: ['get'] },
    ]);
  });

  test('is read once however many ask', async () => {
    await using server = await startScriptedServer(withDiscovery(() => ({ json: map })));
    const { cluster } = await connectTo(server.url);
    await Promise.all(Array.from({ length: 30 }, () => cluster.get(ref)));
    expect(server.requests.filter(({ url }) => url === '/api')).toHaveLength(1);
  });
});

describe('connections', () => {
  test('are kept, at most ten in use', async () => {
    await using server = await startScriptedServer(
      withDiscovery(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return { json: map };
      }),
    );
    const { cluster } = await connectTo(server.url);
    await Promise.all(Array.from({ length: 100 }, () => cluster.get(ref)));
    expect(server.connections()).toBeLessThanOrEqual(10);
    expect(server.mostAtOnce()).toBeLessThanOrEqual(10);
  });

  test('carry session and token', async () => {
    await using server = await startScriptedServer(withDiscovery(() => ({ json: map })));
    const { cluster } = await connectTo(`${server.url}`, {}, 'rollout 7\n');
    await cluster.get(ref);
    expect(server.requests.at(-1)?.headers).toMatchObject({
      authorization: 'Bearer a-token',
      'user-agent': 'towline (rollout 7-)',
    });
  });

  test('lost while idle are made again, but nothing is created twice', async () => {
    const script = withDiscovery(({ method }, count) =>
      count === 2 || method === 'POST' ? { drop: true } : { json: map },
    );
    await using server = await startScriptedServer(script);
    const { cluster } = await connectTo(server.url);
    await cluster.get(ref);
    expect(await cluster.get(ref)).toEqual(map);
    expect(await errorFrom(cluster.create(map, ours))).toMatchObject({ code: 'cluster-unreachable' });
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('that are refused fail at once', async () => {
    const server = await startScriptedServer(() => ({}));
    await server[Symbol.asyncDispose]();
    const { cluster } = await connectTo(server.url);
    const error = await errorFrom(cluster.version());
    expect(error).toMatchObject({
      code: 'cluster-unreachable',
      kind: 'transient',
      details: { reason: 'ECONNREFUSED' },
    });
  });

  test('that cannot be made in time fail, and for a while the next ones do at once', async () => {
    let connections = 0;
    const silent = createServer(() => {
      connections += 1;
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    let now = 0;
    const limits = { ...defaultLimits, connectMilliseconds: 50 };
    const { cluster } = await connectTo(`https://127.0.0.1:${port}`, { limits, clock: () => now });
    for (const [time, expected] of [
      [0, 1],
      [4_999, 1],
      [5_000, 2],
    ] as const) {
      now = time;
      expect(await errorFrom(cluster.version())).toMatchObject({
        code: 'cluster-unreachable',
        details: { reason: 'CONNECT_TIMEOUT' },
      });
      await expect.poll(() => connections).toBe(expected);
    }
    silent.close();
  });

  test('on which nothing comes back fail', async () => {
    await using server = await startScriptedServer(() => ({ hang: true }));
    const { cluster } = await connectTo(server.url, { limits: { ...defaultLimits, answerMilliseconds: 50 } });
    expect(await errorFrom(cluster.version())).toMatchObject({
      code: 'cluster-unreachable',
      details: { reason: 'ANSWER_TIMEOUT' },
    });
  });
});

test('an API server below a path is reached there', async () => {
  await using server = await startScriptedServer(() => ({ json: { gitVersion: 'v1.35.4' } }));
  const { cluster } = await connectTo(`${server.url}/k8s/clusters/c-1/`);
  expect(await cluster.version()).toBe('v1.35.4');
  expect(server.requests[0]?.url).toBe('/k8s/clusters/c-1/version');
});
