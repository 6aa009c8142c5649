import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { serve } from '@hono/node-server';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLambdaHandler } from '../../src/adapters/http/lambda.ts';
import { createWebhookApp, WEBHOOK_PATHS } from '../../src/adapters/http/webhook-routes.ts';
import { receiveWebhook } from '../../src/app/receive-webhook.ts';
import type { DeliveryRow } from '../../src/domain/delivery.ts';
import { transient } from '../../src/domain/errors.ts';
import type { RepositoryConfig } from '../../src/domain/fleet/fleet-file.ts';
import type { ReceiveWebhook } from '../../src/domain/webhook/request.ts';
import { createMemoryLog } from '../fakes/memory-ports.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { githubPush, githubWebhook, gitlabPush, gitlabWebhook } from '../fakes/webhook-deliveries.ts';

const REPOSITORIES: RepositoryConfig[] = [
  { url: 'https://github.com/acme/a', forge: 'github', webhookSecret: 'a' },
  { url: 'https://gitlab.com/acme/g', forge: 'gitlab', webhookSecret: 'g' },
];
const LIMIT = 100_000;
const PATHS = Object.keys(WEBHOOK_PATHS);

const setUp = (receive?: ReceiveWebhook) => {
  const log = createMemoryLog();
  const deliveries = createMemoryStore<DeliveryRow>();
  let bodies = 0;
  let ids = 0;
  const real = receiveWebhook({
    repositories: () => Promise.resolve(REPOSITORIES),
    secrets: { read: (name) => Promise.resolve(`secret of ${name}`) },
    deliveries,
    enqueue: () => Promise.resolve(),
    clock: () => 1_700_000_000_000,
    newId: () => `id-${++ids}`,
    log,
    maxBytes: LIMIT,
  });
  const counted: ReceiveWebhook = (input) => {
    bodies += 1;
    return (receive ?? real)(input);
  };
  const app = createWebhookApp({ receive: counted, log, maxBytes: LIMIT });
  return { app, log, deliveries, received: () => bodies };
};

const push = () => githubWebhook(githubPush('acme/a'), { secret: 'secret of a', delivery: 'd' });
const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>): RequestInit => ({
  method: 'POST',
  body,
  headers,
});

describe('routes', () => {
  it.each([
    ['/webhooks/github', push()],
    ['/api/webhook', push()],
    ['/webhooks/gitlab', gitlabWebhook(gitlabPush('acme/g'), { token: 'secret of g', key: 'k' })],
    ['/api/webhook', gitlabWebhook(gitlabPush('acme/g'), { token: 'secret of g', key: 'k' })],
  ])('%s accepts a signed push', async (path, { body, headers }) => {
    const { app, deliveries } = setUp();
    const answer = await app.request(path, post(Buffer.from(body), headers));
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ status: 'accepted' });
    expect(deliveries.rows.size).toBe(1);
  });

  it.each(PATHS.flatMap((path) => ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].map((method) => [method, path])))(
    '%s %s is 405',
    async (method, path) => {
      const answer = await setUp().app.request(path ?? '', { method });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('POST');
    },
  );

  it.each(PATHS)('CVE-2026-24748, CVE-2026-28229: POST %s without or with garbage credentials is 401', async (path) => {
    const { app } = setUp();
    const { body } = push();
    const type = { 'content-type': 'application/json' };
    const attempts: Record<string, string>[] = [
      {},
      { 'x-hub-signature-256': 'sha256=00' },
      { 'x-gitlab-token': 'x' },
      { authorization: 'Bearer nothing' },
    ];
    for (const attempt of attempts) {
      const answer = await app.request(path, post(Buffer.from(body), { ...type, ...attempt }));
      expect(answer.status).toBe(401);
    }
  });

  it('there is no route that this file does not list', () => {
    const routes = new Set(setUp().app.routes.map(({ path }) => path));
    expect([...routes].toSorted()).toEqual(['/api/webhook', '/webhooks/github', '/webhooks/gitlab']);
  });

  it('other URLs are 404', async () => expect((await setUp().app.request('/webhooks')).status).toBe(404));
});

describe('CVE-2024-40634, CVE-2026-44456, CVE-2026-54288: the size is what is read', () => {
  const padded = (size: number) => Buffer.alloc(size, ' ');
  it.each([
    [LIMIT, 401],
    [LIMIT + 1, 413],
    [2 * LIMIT, 413],
  ])('%i bytes: %i', async (size, status) => {
    const { body, headers } = { body: padded(size), headers: push().headers };
    expect((await setUp().app.request('/webhooks/github', post(body, headers))).status).toBe(status);
  });

  it('gzip is not unpacked', async () => {
    const headers = { ...push().headers, 'content-encoding': 'gzip' };
    expect((await setUp().app.request('/webhooks/github', post(padded(10), headers))).status).toBe(415);
  });

  it('a chunked stream without an end is cut off at the limit', async () => {
    const { app, received } = setUp();
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 10_000;
        controller.enqueue(new Uint8Array(10_000));
      },
    });
    const init: RequestInit = { ...post('', push().headers), body: endless, duplex: 'half' };
    expect((await app.request('/webhooks/github', init)).status).toBe(413);
    expect(received()).toBe(0);
    expect(sent).toBeLessThan(LIMIT + 50_000);
  });

  it('a Content-Length that lies makes no difference', async () => {
    const headers = { ...push().headers, 'content-length': '1' };
    expect((await setUp().app.request('/webhooks/github', post(padded(LIMIT + 1), headers))).status).toBe(413);
  });
});

describe('behind API Gateway', () => {
  const event = (body: string, headers: Record<string, string>, isBase64Encoded: boolean) => ({
    version: '2.0',
    routeKey: '$default',
    rawPath: '/webhooks/github',
    rawQueryString: '',
    headers,
    body,
    isBase64Encoded,
    requestContext: {
      accountId: '1',
      apiId: 'x',
      authentication: null,
      authorizer: {},
      domainName: 'x',
      domainPrefix: 'x',
      http: { method: 'POST', path: '/webhooks/github', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'x' },
      requestId: 'x',
      routeKey: '$default',
      stage: '$default',
      time: 'x',
      timeEpoch: 0,
    },
  });

  it.each([true, false])('accepts a signed push, base64: %s', async (isBase64) => {
    const { app } = setUp();
    const { body, headers } = push();
    const text = Buffer.from(body).toString(isBase64 ? 'base64' : 'utf8');
    expect(await createLambdaHandler(app, LIMIT)(event(text, headers, isBase64))).toMatchObject({ statusCode: 202 });
  });

  it.each([true, false])('counts decoded bytes whatever the headers say, base64: %s', async (isBase64) => {
    const { app, received } = setUp();
    const text = Buffer.alloc(LIMIT + 1, 'ä').toString(isBase64 ? 'base64' : 'utf8');
    const answer = await createLambdaHandler(
      app,
      LIMIT,
    )(event(text, { ...push().headers, 'content-length': '1' }, isBase64));
    expect(answer).toMatchObject({ statusCode: 413 });
    expect(received()).toBe(0);
  });
});

describe('failures of our own', () => {
  it.each([
    ['a defect', () => Promise.reject(new Error('canary in a message')), 500],
    [
      'an exception',
      () => {
        throw new TypeError('canary in a message');
      },
      500,
    ],
    ['a store that will be back', () => Promise.reject(transient('store-throttled', 'later')), 503],
  ] as const)('%s is logged once, without the body', async (_, receive, status) => {
    const { app, log } = setUp(receive as ReceiveWebhook);
    const answer = await app.request('/webhooks/github', post('{"canary":1}', push().headers));
    expect(answer.status).toBe(status);
    expect(log.lines).toHaveLength(1);
    expect(JSON.stringify([log.lines, await answer.text()])).not.toContain('canary');
  });
});

describe('over a real socket', () => {
  const { app } = setUp();
  let server: ReturnType<typeof serve>;
  let port = 0;
  beforeAll(
    () =>
      new Promise<void>((resolve) => {
        server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (info) => {
          port = info.port;
          resolve();
        });
      }),
  );
  afterAll(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
      }),
  );

  const send = (headers: Record<string, string>, chunks: Uint8Array[]) =>
    new Promise<number>((resolve, reject) => {
      const outgoing = request(
        { port, host: '127.0.0.1', method: 'POST', path: '/webhooks/github', headers },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        },
      );
      outgoing.on('error', reject);
      for (const chunk of chunks) outgoing.write(chunk);
      outgoing.end();
    });

  it('accepts a chunked push and refuses a chunked flood', async () => {
    const { body, headers } = push();
    expect(await send(headers, [body.subarray(0, 10), body.subarray(10)])).toBe(202);
    expect(
      await send(
        headers,
        Array.from({ length: 11 }, () => new Uint8Array(10_000)),
      ),
    ).toBe(413);
  });
});

describe('fuzz: signed or not, nothing is ever 5xx', () => {
  const mangled = fc.oneof(
    fc.jsonValue({ maxDepth: 5 }),
    fc.record({ ref: fc.jsonValue(), before: fc.jsonValue(), after: fc.jsonValue(), repository: fc.jsonValue() }),
    fc
      .tuple(fc.constantFrom(...Object.keys(githubPush('acme/a'))), fc.jsonValue())
      .map(([key, value]) => githubPush('acme/a', { [key]: value })),
    fc
      .tuple(fc.constantFrom(...Object.keys(gitlabPush('acme/g'))), fc.jsonValue())
      .map(([key, value]) => gitlabPush('acme/g', { [key]: value })),
  );
  const bytes = fc.oneof(
    mangled.map((value) => Buffer.from(JSON.stringify(value))),
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  );
  const header = fc.oneof(
    fc.constantFrom('push', 'ping', 'Push Hook', 'System Hook', 'Tag Push Hook', ''),
    fc.stringMatching(/^[ -~]{0,40}$/),
  );
  const signed = fc.constantFrom('secret of a', 'secret of g', 'another');

  it('ten thousand payloads, in bounded memory', { timeout: 120_000 }, async () => {
    const { app, log, received } = setUp();
    const before = process.memoryUsage().heapUsed;
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...PATHS),
        bytes,
        header,
        header,
        signed,
        async (path, body, event, odd, secret) => {
          const headers = {
            'content-type': 'application/json',
            'x-github-event': event,
            'x-gitlab-event': path === '/webhooks/gitlab' ? event : odd,
            'x-gitlab-token': secret,
            'x-github-delivery': odd,
            'idempotency-key': odd,
            'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
          };
          const answer = await app.request(path, post(body, headers));
          statuses.add(answer.status);
          expect([202, 400, 401]).toContain(answer.status);
        },
      ),
      { numRuns: 10_000 },
    );
    expect([...statuses].toSorted()).toEqual([202, 400, 401]);
    expect(log.lines).toEqual([]);
    expect(received()).toBeGreaterThanOrEqual(10_000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(512 * 1_048_576);
  });

  it('100,000 levels deep, __proto__ and doubled keys', async () => {
    const { app } = setUp();
    const url = '"repository":{"html_url":"https://github.com/acme/a"}';
    const deep = `{${url},"ref":${'['.repeat(40_000)}${']'.repeat(40_000)}}`;
    const cases: [string, number][] = [
      [deep, 400],
      [`{"a":${'['.repeat(49_000)}${']'.repeat(49_000)}}`, 400],
      [`{${url},"__proto__":{"ref":"refs/heads/main"}}`, 400],
      [`{${url},"ref":"refs/heads/a","ref":"refs/heads/b"}`, 202],
    ];
    for (const [text, status] of cases) {
      const { body, headers } = githubWebhook(text, { secret: 'secret of a' });
      expect((await app.request('/webhooks/github', post(Buffer.from(body), headers))).status).toBe(status);
    }
  });
});
