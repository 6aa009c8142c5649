import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commitId, deletion, githubPush, githubWebhook, type SentWebhook } from '../fakes/webhook-deliveries.ts';
import { greeting } from './harness/demo-changes.ts';
import { GITHUB_NAMES, SECRETS } from './harness/forges.ts';
import { startWorld, type World } from './harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

const payload = (overrides: Record<string, unknown> = {}) =>
  githubPush('acme/app', { repository: GITHUB_NAMES, ...overrides });
const signed = (body: unknown, event = 'push'): SentWebhook =>
  githubWebhook(body, { secret: SECRETS.TOWLINE_SECRET_HOOK, event });

/**
 * Sends what is given byte for byte, with no header of its own but Host and, unless given, the length. Of a body that is
 * shorter than its length says the rest never comes.
 */
const send = async ({ headers, body }: SentWebhook): Promise<{ status: number; answer: Record<string, unknown> }> => {
  const { webhooks } = await world.towline().ready();
  return new Promise((resolve, reject) => {
    const posted = request(webhooks.github, { method: 'POST', headers, agent: false }, (response) => {
      response.toArray().then((chunks) => {
        const text = Buffer.concat(chunks).toString();
        posted.destroy();
        resolve({ status: response.statusCode ?? 0, answer: JSON.parse(text) as Record<string, unknown> });
      }, reject);
    });
    posted.on('error', reject);
    if (Number(headers['content-length'] ?? 0) > body.length) posted.write(body);
    else posted.end(body);
  });
};

const TOO_LARGE = 25 * 1_024 * 1_024 + 1;
const unsigned = (body: unknown): SentWebhook => githubWebhook(body, {});
const withHeaders = (one: SentWebhook, headers: Record<string, string>): SentWebhook => ({
  body: one.body,
  headers: { ...one.headers, ...headers },
});

describe('a webhook that is refused or has nothing to do, over HTTP', () => {
  it.each<[string, () => SentWebhook, number, Record<string, unknown>]>([
    [
      'too large by its length, before any more of it is read',
      () => withHeaders(signed(payload()), { 'content-length': String(TOO_LARGE) }),
      413,
      { error: 'body-too-large' },
    ],
    [
      'too large, in chunks without a length',
      () => withHeaders(signed(' '.repeat(TOO_LARGE)), { 'transfer-encoding': 'chunked' }),
      413,
      { error: 'body-too-large' },
    ],
    [
      'not JSON by its type',
      () => withHeaders(signed(payload()), { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      { error: 'content-type' },
    ],
    ['not JSON', () => signed('{"ref": '), 400, { error: 'body-malformed' }],
    ['a push without a ref', () => signed(payload({ ref: undefined })), 400, { error: 'body-malformed' }],
    ['unsigned', () => unsigned(payload()), 401, { error: 'unauthorized' }],
    [
      'signed with another secret',
      () => githubWebhook(payload(), { secret: 'another' }),
      401,
      { error: 'unauthorized' },
    ],
    [
      'from a repository that is not registered',
      () => signed(githubPush('acme/other')),
      401,
      { error: 'unauthorized' },
    ],
    ['a ping', () => signed({ zen: 'Keep it.', repository: GITHUB_NAMES }, 'ping'), 202, { status: 'ignored' }],
    ['an event of another kind', () => signed(payload(), 'issues'), 202, { status: 'ignored' }],
  ])('%s', async (_what, make, status, answer) => {
    const before = world.towline().events.length;
    const got = await send(make());
    expect(got).toMatchObject({ status, answer });
    expect(typeof (got.answer.message ?? got.answer.reason)).toBe('string');
    expect(world.towline().events.slice(before)).toEqual([]);
  });

  it('says the same to everybody who proves nothing', async () => {
    const answers = await Promise.all(
      [unsigned(payload()), githubWebhook(payload(), { secret: 'x' }), signed(githubPush('acme/other'))].map(send),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  it.each([
    ['a branch that nothing follows', () => signed(payload({ ref: 'refs/heads/elsewhere', after: commitId('there') }))],
    ['a deleted branch', () => signed(payload({ ref: 'refs/heads/gone', ...deletion }))],
  ])('%s opens no rollout and posts nothing', async (_what, make) => {
    const [before, posts] = [world.towline().all('rollout').length, world.forge.posts.length];
    expect(await send(make())).toMatchObject({ status: 202 });
    const next = await world.push({ 'README.md': `after ${_what}\n` });
    expect(
      new Set(
        world
          .towline()
          .all('rollout')
          .slice(before)
          .map(({ commit }) => commit),
      ),
    ).toEqual(new Set([next.commit]));
    const told = world.forge.posts.slice(posts).filter(({ path }) => path.includes('/statuses/'));
    expect(told.every(({ path }) => path.endsWith(next.commit))).toBe(true);
  });

  it('the same delivery again is a duplicate', async () => {
    const commit = await world.commit(greeting('web', 'once'));
    const webhook = world.forge.webhook({ before: '0'.repeat(40), after: commit, delivery: 'one' });
    expect(await send(webhook)).toMatchObject({ status: 202, answer: { status: 'accepted' } });
    await world.ended(commit);
    const before = world.towline().events.length;
    expect(await send(webhook)).toMatchObject({ status: 202, answer: { status: 'duplicate' } });
    expect(world.towline().events.slice(before)).toEqual([]);
  });
});
