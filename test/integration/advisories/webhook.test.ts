import { readFileSync } from 'node:fs';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { createSecretsManager } from '../../../src/adapters/aws/secrets.ts';
import { createLambdaHandler } from '../../../src/adapters/http/lambda.ts';
import { createWebhookApp } from '../../../src/adapters/http/webhook-routes.ts';
import { checkWebhookSecrets, receiveWebhook } from '../../../src/app/receive-webhook.ts';
import type { DeliveryRow } from '../../../src/domain/delivery.ts';
import type { RepositoryConfig } from '../../../src/domain/fleet/fleet-file.ts';
import { createMemoryLog } from '../../fakes/memory-ports.ts';
import { createMemoryStore } from '../../fakes/memory-store.ts';
import {
  githubPush,
  githubWebhook,
  gitlabPush,
  gitlabWebhook,
  type SentWebhook,
} from '../../fakes/webhook-deliveries.ts';

const REPOSITORIES: RepositoryConfig[] = [
  { url: 'https://github.com/acme/a', forge: 'github', webhookSecret: 'a' },
  { url: 'https://github.com/acme/b', forge: 'github', webhookSecret: 'b' },
  { url: 'https://gitlab.com/acme/g', forge: 'gitlab', webhookSecret: 'g' },
];
const LIMIT = 9_000;

const setUp = () => {
  const log = createMemoryLog();
  const deliveries = createMemoryStore<DeliveryRow>();
  const sent: unknown[] = [];
  let ids = 0;
  const deps = {
    repositories: () => Promise.resolve(REPOSITORIES),
    secrets: { read: (name: string) => Promise.resolve(`secret of ${name}`) },
    deliveries,
    enqueue: (message: unknown) => Promise.resolve(void sent.push(message)),
    clock: () => 1_700_000_000_000,
    newId: () => `id-${++ids}`,
    log,
    maxBytes: LIMIT,
  };
  const app = createWebhookApp({ receive: receiveWebhook(deps), log, maxBytes: LIMIT });
  const post = (
    path: string,
    { body, headers }: { body: Uint8Array<ArrayBuffer> | string; headers: Record<string, string> },
  ) => app.request(path, { method: 'POST', body, headers });
  return { app, deps, log, deliveries, sent, post };
};

const signed = (
  payload: unknown,
  secret = 'secret of a',
): { body: Uint8Array<ArrayBuffer> | string; headers: Record<string, string> } => {
  const { body, headers } = githubWebhook(payload as Record<string, unknown>, { secret, delivery: 'd' });
  return { body: Buffer.from(body), headers };
};
const tokened = (payload: unknown, token = 'secret of g') => {
  const { body, headers } = gitlabWebhook(payload as Record<string, unknown>, { token, key: 'k' });
  return { body: Buffer.from(body), headers };
};

describe('the webhook edge', () => {
  it.each([
    ['a byte more than the limit', () => Buffer.alloc(LIMIT + 1, '['), 413],
    ['twice the limit', () => Buffer.alloc(2 * LIMIT, '['), 413],
  ])('CVE-2024-40634, CVE-2026-42294: %s from nobody is neither parsed nor sent', async (_name, body, status) => {
    const { post, deliveries, sent } = setUp();
    const parsing = vi.spyOn(JSON, 'parse');
    const answer = await post('/webhooks/github', { body: body(), headers: signed({}).headers });
    const parsed = parsing.mock.calls.filter(([text]) => text.startsWith('[[')).length;
    parsing.mockRestore();
    expect([answer.status, parsed, deliveries.rows.size, sent]).toEqual([status, 0, 0, []]);
  });

  it('CVE-2026-54288, CVE-2026-44456: a Content-Length of 1 lets no 10 kB through on Lambda', async () => {
    const { app, sent } = setUp();
    const { headers } = signed({});
    const event = {
      version: '2.0',
      rawPath: '/webhooks/github',
      rawQueryString: '',
      headers: { ...headers, 'content-length': '1' },
      body: 'x'.repeat(10_000),
      isBase64Encoded: false,
      requestContext: { http: { method: 'POST', path: '/webhooks/github' } },
    };
    const handler = createLambdaHandler(app, LIMIT);
    expect(await handler(event as unknown as Parameters<typeof handler>[0])).toMatchObject({ statusCode: 413 });
    expect(sent).toEqual([]);
  });

  const SHAPES: unknown[] = [
    null,
    [],
    'x',
    42,
    {},
    { links: { clone: 'boom' } },
    { repository: { links: { clone: [{ name: 'http', href: [] }] } } },
    { repository: { links: { clone: [42] } } },
  ];
  const without = (field: string, value: unknown) => ({ ...githubPush('acme/a'), [field]: value });
  const FIELDS = ['ref', 'before', 'after', 'repository', 'commits', 'head_commit', 'deleted', 'project', 'project_id'];
  const WRONG: unknown[] = [undefined, null, 42, '', [], {}, [null], [{ added: null }], { toString: null }];
  it.each([
    ['CVE-2025-59531: a Bitbucket shape', SHAPES],
    ['CVE-2025-59537, CVE-2025-59538: a field of a wrong type', FIELDS.flatMap((f) => WRONG.map((w) => without(f, w)))],
  ])('%s crashes nothing, though it is signed', async (_name, payloads) => {
    const statuses = new Set<number>();
    for (const payload of payloads) {
      const { post } = setUp();
      for (const request of [signed(payload), tokened(payload)]) {
        for (const path of ['/webhooks/github', '/webhooks/gitlab', '/api/webhook']) {
          statuses.add((await post(path, request)).status);
        }
      }
    }
    expect([...statuses].filter((status) => status >= 500)).toEqual([]);
  });

  it('CVE-2025-59537: brackets 100,000 deep and keys that mean something to JavaScript', async () => {
    const texts = [`${'['.repeat(4_000)}`, `${'{"a":'.repeat(1_700)}`, '{"__proto__":{"x":1},"ref":1,"ref":2}'];
    for (const text of texts) {
      const { post } = setUp();
      const { headers } = signed({});
      expect((await post('/webhooks/github', { body: text, headers })).status).toBeLessThan(500);
    }
  });

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['the right one without its last character', 'secret of '],
    ['the right one twice, as a joined header', 'secret of g, secret of g'],
    ['another case', 'SECRET OF G'],
  ])('CVE-2022-24912: a token that is %s is refused and not repeated', async (_name, token) => {
    const { post, log, sent } = setUp();
    const { body, headers } = tokened(gitlabPush('acme/g'));
    const rest = Object.fromEntries(
      Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'x-gitlab-token'),
    );
    const answer = await post('/webhooks/gitlab', {
      body,
      headers: { ...rest, ...(token === undefined ? {} : { 'x-gitlab-token': token }) },
    });
    expect([answer.status, sent]).toEqual([401, []]);
    const said = JSON.stringify([await answer.text(), log.lines]);
    if (token) expect(said).not.toContain(token);
  });

  it('CVE-2022-24912: an empty secret is no secret', async () => {
    const { deps } = setUp();
    const empty = { ...deps, secrets: { read: () => Promise.resolve('') } };
    const receive = receiveWebhook(empty);
    const { body, headers } = githubWebhook(githubPush('acme/a'), { secret: '', delivery: 'd' });
    const answer: unknown = await receive({ forge: 'github', body, headers } satisfies SentWebhook & {
      forge: 'github';
    }).catch((error: unknown) => error);
    expect(answer).not.toMatchObject({ status: 'accepted' });
    await expect(checkWebhookSecrets(REPOSITORIES, empty.secrets)).rejects.toThrow();
  });

  it('CVE-2026-40109: the valid signature of another repository’s secret starts nothing', async () => {
    const { post, sent } = setUp();
    const attempts = [signed(githubPush('acme/a'), 'secret of b'), signed(githubPush('acme/b'), 'secret of a')];
    for (const attempt of attempts) expect((await post('/webhooks/github', attempt)).status).toBe(401);
    expect(sent).toEqual([]);
  });

  it('CVE-2026-24748, CVE-2026-27111, CVE-2026-27112, CVE-2026-28229: no route but a webhook’s is open', () => {
    const { functions } = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'silent' }) as {
      functions: Record<string, { events?: { httpApi?: { path: string; authorizer?: { type: string } } }[] }>;
    };
    const routes = Object.values(functions).flatMap(({ events = [] }) =>
      events.flatMap(({ httpApi }) => httpApi ?? []),
    );
    const open = routes.filter(({ authorizer }) => authorizer?.type !== 'aws_iam').map(({ path }) => path);
    expect(open.toSorted()).toEqual(['/api/webhook', '/webhooks/{forge}']);
    expect(routes.length).toBeGreaterThan(open.length);
  });

  it('CVE-2026-28229: a bearer of nothing opens no webhook', async () => {
    const { post, sent } = setUp();
    const { body } = signed(githubPush('acme/a'));
    for (const value of ['Bearer nothing', 'Bearer', 'Basic Og==', 'token']) {
      const headers = { 'content-type': 'application/json', 'x-github-event': 'push', authorization: value };
      for (const path of ['/webhooks/github', '/webhooks/gitlab', '/api/webhook'])
        expect((await post(path, { body, headers })).status).toBe(401);
    }
    expect(sent).toEqual([]);
  });

  it('CVE-2025-55191: 200 reads at once while secrets are rotated are each old or new, none mixed or failed', async () => {
    let reads = 0;
    const client = {
      send: ({ input }: { input: { SecretId: string } }) =>
        Promise.resolve({ SecretString: `${input.SecretId} ${++reads > 3 ? 'new' : 'old'}` }),
    } as unknown as SecretsManagerClient;
    let now = 0;
    const secrets = createSecretsManager(client, 'acme', () => now);
    const names = ['a', 'b', 'g'];
    const values = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        if (index === 100) now += 300_001;
        return secrets.read(names[index % 3] ?? '');
      }),
    );
    values.forEach((value, index) => {
      expect([`towline/acme/${names[index % 3]} old`, `towline/acme/${names[index % 3]} new`]).toContain(value);
    });
  });
});
