import { describe, expect, it } from 'vitest';
import { checkWebhookSecrets, receiveWebhook } from '../../../src/app/receive-webhook.ts';
import { type DeliveryRow, deliveryFailed, deliveryPlanned } from '../../../src/domain/delivery.ts';
import { permanent, transient } from '../../../src/domain/errors.ts';
import type { RepositoryConfig } from '../../../src/domain/fleet/fleet-file.ts';
import type { WebhookRequest } from '../../../src/domain/webhook/request.ts';
import type { ChangeMessage } from '../../../src/messages/change.ts';
import type { PreviewMessage } from '../../../src/messages/preview.ts';
import { createMemoryLog } from '../../fakes/memory-ports.ts';
import { createMemoryStore } from '../../fakes/memory-store.ts';
import {
  commitId,
  deletion,
  githubPullRequest,
  githubPush,
  githubWebhook,
  gitlabMergeRequest,
  gitlabPush,
  gitlabWebhook,
  type SentWebhook,
  signedGitLabWebhook,
} from '../../fakes/webhook-deliveries.ts';

const NOW = 1_700_000_000_000;
const A: RepositoryConfig = { url: 'https://github.com/acme/a', forge: 'github', webhookSecret: 'a' };
const B: RepositoryConfig = { url: 'git@github.com:acme/b.git', forge: 'github', webhookSecret: 'b' };
const G: RepositoryConfig = { url: 'https://gitlab.com/acme/g', forge: 'gitlab', webhookSecret: 'g' };
const QUIET: RepositoryConfig = { url: 'https://github.com/acme/quiet', forge: 'github' };
const SECRETS: Record<string, string> = {
  a: 'secret of a',
  b: '["new secret of b","old secret of b"]',
  g: 'secret of g',
};

const setUp = (overrides: Partial<Parameters<typeof receiveWebhook>[0]> = {}) => {
  const deliveries = createMemoryStore<DeliveryRow>();
  const sent: ChangeMessage[] = [];
  const log = createMemoryLog();
  let ids = 0;
  const receive = receiveWebhook({
    repositories: () => Promise.resolve([A, B, G, QUIET]),
    secrets: {
      read: (name) => {
        const value = SECRETS[name];
        return value === undefined ? Promise.reject(permanent('secret-missing', name)) : Promise.resolve(value);
      },
    },
    deliveries,
    enqueue: (message) => {
      sent.push(message);
      return Promise.resolve();
    },
    clock: () => NOW,
    newId: () => `id-${++ids}`,
    log,
    maxBytes: 100_000,
    ...overrides,
  });
  const send = (webhook: SentWebhook, forge: WebhookRequest['forge'] = 'auto') => receive({ forge, ...webhook });
  return { deliveries, sent, log, send };
};

const pushToA = (options: { secret?: string; delivery?: string; event?: string } = {}) =>
  githubWebhook(githubPush('acme/a'), { secret: 'secret of a', delivery: 'd-1', ...options });

describe('an authentic push', () => {
  it('is stored, then sent, then accepted', async () => {
    const { deliveries, sent, send } = setUp();
    const answer = await send(pushToA());
    const id = 'https://github.com/acme/a d-1';
    expect(answer).toEqual({
      status: 202,
      body: { status: 'accepted', delivery: id, repository: A.url, ref: 'refs/heads/main' },
    });
    expect(deliveries.rows.get(id)).toEqual({
      id,
      version: 1,
      state: 'received',
      due: NOW + 60_000,
      repository: A.url,
      ref: 'refs/heads/main',
      commit: commitId('after'),
      before: commitId('before'),
      cause: 'push',
      receivedAt: NOW,
      expiresAt: NOW / 1000 + 30 * 86_400,
    });
    expect(sent).toEqual([
      {
        version: 1,
        delivery: id,
        repository: A.url,
        ref: 'refs/heads/main',
        cause: 'push',
        seenAt: NOW,
        commit: commitId('after'),
      },
    ]);
  });

  it('names the repository as it is registered, whatever the payload calls it', async () => {
    const { sent, send } = setUp();
    await send(githubWebhook(githubPush('Acme/B'), { secret: 'new secret of b', delivery: 'd' }));
    expect(sent).toMatchObject([{ repository: 'git@github.com:acme/b.git' }]);
  });

  it.each(['new secret of b', 'old secret of b'])('is proven by each secret of a rotation: %s', async (secret) => {
    const { send } = setUp();
    expect(await send(githubWebhook(githubPush('acme/b'), { secret }))).toMatchObject({ status: 202 });
  });

  it('of a deleted branch is looked at without a commit; of a tag has its cause', async () => {
    const { sent, send } = setUp();
    await send(githubWebhook(githubPush('acme/a', deletion), { secret: 'secret of a' }));
    await send(githubWebhook(githubPush('acme/a', { ref: 'refs/tags/v1' }), { secret: 'secret of a' }));
    expect(sent.map(({ cause, commit }) => [cause, commit])).toEqual([
      ['push', undefined],
      ['tag', commitId('after')],
    ]);
  });

  it.each([
    ['token', gitlabWebhook(gitlabPush('acme/g'), { token: 'secret of g', key: 'k' })],
    ['signature', signedGitLabWebhook(gitlabPush('acme/g'), { secret: 'secret of g', at: NOW / 1000 })],
  ])('of GitLab with a %s', async (_, webhook) => {
    for (const forge of ['gitlab', 'auto'] as const) {
      const { sent, send } = setUp();
      expect(await send(webhook, forge)).toMatchObject({ status: 202, body: { status: 'accepted' } });
      expect(sent).toMatchObject([{ repository: G.url }]);
    }
  });
});

describe('a pull request', () => {
  const pull = githubWebhook(githubPullRequest('acme/a'), {
    secret: 'secret of a',
    delivery: 'd-7',
    event: 'pull_request',
  });

  it('asks for its preview, once, and for no plan', async () => {
    const previews: PreviewMessage[] = [];
    const enqueuePreview = (message: PreviewMessage) => Promise.resolve(void previews.push(message));
    const { deliveries, sent, send } = setUp({ enqueuePreview });
    expect(await send(pull)).toMatchObject({ body: { status: 'accepted', ref: 'refs/pull/7/head' } });
    expect(await send(pull)).toMatchObject({ body: { status: 'duplicate' } });
    const expected = { version: 1, repository: A.url, number: 7, action: 'opened', fork: false, labels: ['preview'] };
    expect(previews).toMatchObject([{ ...expected, delivery: `${A.url} d-7`, head: { commit: commitId('head') } }]);
    expect(sent).toEqual([]);
    expect([...deliveries.rows.values()]).toMatchObject([{ cause: 'merge-request', pullRequest: { number: 7 } }]);
    const merge = gitlabWebhook(gitlabMergeRequest('acme/g'), { token: 'secret of g', event: 'Merge Request Hook' });
    expect(await send(merge)).toMatchObject({ body: { status: 'accepted', ref: 'refs/merge-requests/7/head' } });
  });

  it('is ignored where nobody previews', async () => {
    const { deliveries, send } = setUp();
    expect(await send(pull)).toMatchObject({ status: 202, body: { status: 'ignored' } });
    expect(deliveries.rows.size).toBe(0);
  });
});

describe('duplicates', () => {
  it.each([
    ['received', (row: DeliveryRow) => row, 1],
    ['planned', deliveryPlanned, 1],
    ['failed', deliveryFailed, 2],
  ] as const)('a redelivery of one that was %s', async (_, advance, messages) => {
    const { deliveries, sent, send } = setUp();
    await send(pushToA());
    const [row] = deliveries.rows.values();
    if (row) await deliveries.save(advance(row));
    const again = await send(pushToA());
    expect(again.body).toMatchObject({ status: messages === 1 ? 'duplicate' : 'accepted' });
    expect(sent).toHaveLength(messages);
    expect(deliveries.rows.size).toBe(1);
  });

  it('twenty at once do the work once', async () => {
    const { sent, send } = setUp();
    await Promise.all(Array.from({ length: 20 }, () => send(pushToA())));
    expect(sent).toHaveLength(1);
  });

  it('without an id each is looked at', async () => {
    const { deliveries, send } = setUp();
    const { delivery: _, ...options } = { secret: 'secret of a', delivery: '' };
    await send(githubWebhook(githubPush('acme/a'), options));
    await send(githubWebhook(githubPush('acme/a'), options));
    expect(deliveries.rows.size).toBe(2);
  });

  it("a delivery id is only one repository's own", async () => {
    const { sent, send } = setUp();
    await send(githubWebhook(githubPush('acme/b'), { secret: 'new secret of b', delivery: 'd-1', hook: '1' }));
    await send(githubWebhook(githubPush('acme/a'), { secret: 'secret of a', delivery: 'd-1', hook: '1' }));
    expect(sent).toHaveLength(2);
  });
});

describe('refused with 401, all alike, and nothing done', () => {
  const now = NOW / 1000;
  const both = githubPush('acme/a', { repository: { html_url: 'https://github.com/acme/quiet' } });
  it.each([
    ['no signature', pushToA({ secret: undefined })],
    ['a wrong signature', pushToA({ secret: 'wrong' })],
    ['CVE-2026-40109: the secret of another repository', pushToA({ secret: 'new secret of b' })],
    ['an unregistered repository', githubWebhook(githubPush('acme/other'), { secret: 'secret of a' })],
    ['a repository without a webhook secret', githubWebhook(both, { secret: 'secret of a' })],
    ['an unsigned malformed body', githubWebhook('{', {})],
    ['a malformed body signed by a stranger', githubWebhook('{', { secret: 'wrong' })],
    ['a GitHub-format push for a GitLab repository', githubWebhook(githubPush('acme/g'), { secret: 'secret of g' })],
    ['a wrong token', gitlabWebhook(gitlabPush('acme/g'), { token: 'wrong' })],
    ['a token of the wrong forge', gitlabWebhook(gitlabPush('acme/a'), { token: 'secret of a' })],
    ['an old signature', signedGitLabWebhook(gitlabPush('acme/g'), { secret: 'secret of g', at: now - 301 })],
    ['no forge at all', { headers: { 'content-type': 'application/json' }, body: Buffer.from('{}') }],
  ])('%s', async (_, webhook) => {
    const { deliveries, sent, send } = setUp();
    const expected = await send(pushToA({ secret: 'wrong' }));
    expect(expected.status).toBe(401);
    expect(await send(webhook)).toEqual(expected);
    expect([deliveries.rows.size, sent.length]).toEqual([0, 0]);
  });

  it('one changed byte', async () => {
    const { send } = setUp();
    const webhook = pushToA();
    const body = Uint8Array.from(webhook.body);
    body[body.length - 2] = 0x20;
    expect(await send({ ...webhook, body })).toMatchObject({ status: 401 });
  });
});

describe('a hook of many repositories that tells of one the fleet does not have: 202, or GitLab would switch it off', () => {
  const other = githubPush('acme/other');
  const shared = (target: string, secret: string): SentWebhook => {
    const webhook = githubWebhook(other, { secret });
    return { ...webhook, headers: { ...webhook.headers, 'X-GitHub-Hook-Installation-Target-Type': target } };
  };
  const expected = { status: 202, body: { status: 'ignored', reason: expect.stringContaining('not registered') } };

  it.each([
    ['an organization', shared('organization', 'secret of a')],
    ['a GitHub App', shared('integration', 'old secret of b')],
    ['a GitLab group', gitlabWebhook(gitlabPush('acme/other'), { token: 'secret of g' })],
    ['a GitLab instance', gitlabWebhook(gitlabPush('acme/other'), { token: 'secret of g', event: 'System Hook' })],
    [
      'a merge request',
      gitlabWebhook(gitlabMergeRequest('x/y'), { token: 'secret of g', event: 'Merge Request Hook' }),
    ],
  ])('%s', async (_, webhook) => {
    const { deliveries, sent, send } = setUp();
    expect(await send(webhook)).toEqual(expected);
    expect([deliveries.rows.size, sent.length]).toEqual([0, 0]);
  });

  it.each([
    ['a stranger', shared('organization', 'wrong')],
    ['a stranger on GitLab', gitlabWebhook(gitlabPush('acme/other'), { token: 'wrong' })],
    ['a hook of one repository', shared('repository', 'secret of a')],
    ['the secret of another repository of the fleet', gitlabWebhook(gitlabPush('acme/h'), { token: 'secret of g' })],
  ])('but 401 for %s', async (_, webhook) => {
    const H: RepositoryConfig = { url: 'https://gitlab.com/acme/h', forge: 'gitlab', webhookSecret: 'a' };
    const { send } = setUp({ repositories: () => Promise.resolve([A, B, G, H]) });
    expect(await send(webhook)).toMatchObject({ status: 401 });
  });
});

describe('other refusals', () => {
  it.each([
    ['not JSON', '{'],
    ['not an object', '[]'],
    ['without a ref', githubPush('acme/a', { ref: undefined })],
    ['without a repository', githubPush('acme/a', { repository: null })],
  ])('400: signed, but %s', async (_, payload) => {
    const { sent, send } = setUp();
    const answer = await send(githubWebhook(payload, { secret: 'secret of a' }));
    expect(answer).toMatchObject({ status: 400, body: { error: 'body-malformed' } });
    expect(sent).toEqual([]);
  });

  it.each([
    ['text/plain', {}],
    ['application/x-www-form-urlencoded', {}],
    ['', {}],
    ['application/json', { 'content-encoding': 'gzip' }],
  ])('415: %j %j', async (type, more) => {
    const { send } = setUp();
    const webhook = pushToA();
    const headers = { ...webhook.headers, 'content-type': type, ...more };
    expect(await send({ ...webhook, headers })).toMatchObject({ status: 415 });
  });

  it('application/json with parameters is JSON', async () => {
    const { send } = setUp();
    const webhook = pushToA();
    const headers = { ...webhook.headers, 'content-type': 'Application/JSON; charset=utf-8' };
    expect(await send({ ...webhook, headers })).toMatchObject({ status: 202 });
  });

  it.each([
    [0, 202],
    [-1, 413],
  ])('CVE-2024-40634: a body of the limit %+i', async (difference, status) => {
    const webhook = pushToA();
    const { send } = setUp({ maxBytes: webhook.body.byteLength + difference });
    expect(await send(webhook)).toMatchObject({ status });
  });
});

describe('authentic, but not for us: 202 and nothing done', () => {
  it.each([
    ['ping', { zen: 'x', repository: { html_url: A.url } }, 'secret of a', 'ping'],
    ['ping of an organisation', { zen: 'x', organization: {} }, 'secret of a', 'ping'],
    ['issues', { action: 'opened', repository: { html_url: A.url } }, 'secret of a', 'issues'],
  ])('%s', async (_, payload, secret, event) => {
    const { deliveries, send } = setUp();
    expect(await send(githubWebhook(payload, { secret, event }))).toMatchObject({
      status: 202,
      body: { status: 'ignored', reason: expect.any(String) },
    });
    expect(deliveries.rows.size).toBe(0);
  });

  it('a ref that nobody follows', async () => {
    const { sent, send } = setUp({ isTracked: (_, ref) => Promise.resolve(ref !== 'refs/heads/main') });
    expect(await send(pushToA())).toMatchObject({ status: 202, body: { status: 'ignored' } });
    expect(sent).toEqual([]);
  });
});

describe('when something fails', () => {
  it('a message that is not sent is still accepted: the row is due, and the log says so once', async () => {
    const enqueue = () => Promise.reject(transient('queue-unreachable', 'no'));
    const { deliveries, log, send } = setUp({ enqueue });
    expect(await send(pushToA())).toMatchObject({ status: 202, body: { status: 'accepted' } });
    expect([...deliveries.rows.values()]).toMatchObject([{ state: 'received', due: NOW + 60_000 }]);
    expect(log.lines).toMatchObject([{ level: 'error', fields: { code: 'queue-unreachable' } }]);
  });

  it('a row that is not written is not accepted, and nothing is sent', async () => {
    const store = {
      ...createMemoryStore<DeliveryRow>(),
      save: () => Promise.reject(transient('store-throttled', 'no')),
    };
    const { sent, send } = setUp({ deliveries: store });
    await expect(send(pushToA())).rejects.toMatchObject({ code: 'store-throttled' });
    expect(sent).toEqual([]);
  });

  it.each(['', 'missing'])('a secret that is %j lets nobody in, and is logged without its value', async (value) => {
    const read = () =>
      value === '' ? Promise.resolve('') : Promise.reject(permanent('secret-missing', 'set secret a'));
    const { log, send } = setUp({ secrets: { read } });
    expect(await send(pushToA())).toMatchObject({ status: 401 });
    expect(log.lines).toMatchObject([{ level: 'error', fields: { secret: 'a' } }]);
  });

  it('nothing that is logged or answered contains a secret or the body', async () => {
    const { log, send } = setUp({ enqueue: () => Promise.reject(new Error('no')) });
    const webhooks = [pushToA(), pushToA({ secret: 'wrong' }), githubWebhook('{"canary', { secret: 'secret of a' })];
    const answers = await Promise.all(webhooks.map((webhook) => send(webhook)));
    expect(JSON.stringify([answers, log.lines])).not.toMatch(/secret of|canary|sha256=/);
  });
});

describe('checkWebhookSecrets', () => {
  const check = (secrets: Record<string, string>) =>
    checkWebhookSecrets([A, QUIET], { read: (name) => Promise.resolve(secrets[name] ?? '') });
  it('passes where every secret is there', () => expect(check({ a: 'x' })).resolves.toBeUndefined());
  it('refuses to start with an empty one', () =>
    expect(check({})).rejects.toMatchObject({ code: 'webhook-secret-empty', kind: 'permanent' }));
});
