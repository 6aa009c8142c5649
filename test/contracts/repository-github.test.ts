import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { createGitHubRepository } from '../../src/adapters/github/repository.ts';
import { type BareRepository, createBareRepository } from '../fakes/bare-repository.ts';
import { type FakeGitHubOptions, startFakeGitHub } from '../fakes/fake-github.ts';
import { repositoryContract } from './repository-suite.ts';

const NOW = 1_700_000_000_000;
const CANARY = 'ghp_canary-0123456789abcdef';

const openAt = async (bare: BareRepository, options: FakeGitHubOptions = {}, credentials = CANARY) => {
  const fake = await startFakeGitHub(bare.directory, options);
  let now = NOW;
  const repository = createGitHubRepository({
    repository: { url: fake.repositoryURL, forge: 'github', apiURL: fake.apiURL },
    credential: async () => credentials,
    // Each look at the clock is an hour later, so that nothing is kept for a time.
    clock: () => (now += 3_600_000),
  });
  return { repository, fake, close: fake.close };
};

repositoryContract('github', { sha256: false, large: true, open: (bare) => openAt(bare) });
repositoryContract('github, truncated listings and small pages', {
  sha256: false,
  open: (bare) => openAt(bare, { truncateAt: 3, pageSize: 7 }),
});

describe('github repository', () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  const open = async (options: FakeGitHubOptions = {}, credentials = CANARY) => {
    const bare = await createBareRepository();
    closers.push(bare.remove);
    const commit = await bare.commit({ ref: 'refs/heads/main', files: { a: '1', b: '2', c: '3', d: '4', e: '5' } });
    const opened = await openAt(bare, options, credentials);
    closers.push(opened.close);
    return { bare, commit, ...opened };
  };
  const failureOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );
  const answering =
    (status: number, headers: Record<string, string> = {}, body = '{}') =>
    (_request: IncomingMessage, response: ServerResponse): boolean => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
      return true;
    };

  test.each([
    [401, {}, 'permanent', 'repository-denied', undefined],
    [403, {}, 'permanent', 'repository-denied', undefined],
    [403, { 'retry-after': '17' }, 'transient', 'repository-rate-limited', 17],
    [403, { 'x-ratelimit-remaining': '0' }, 'transient', 'repository-rate-limited', 60],
    [404, {}, 'permanent', 'repository-not-found', undefined],
    [429, { 'retry-after': '5' }, 'transient', 'repository-rate-limited', 5],
    [500, {}, 'transient', 'repository-unreachable', undefined],
    [502, {}, 'transient', 'repository-unreachable', undefined],
  ])('status %i %j is told by its meaning, without the token', async (status, headers, kind, code, retry) => {
    const { repository, fake } = await open({ intercept: answering(status, headers) });
    for (const work of [() => repository.resolve('refs/heads/main'), () => repository.listRefs()]) {
      const error = await failureOf(work());
      expect(error).toMatchObject({ kind, code, retryAfterSeconds: retry });
      expect(inspect(error, { depth: 9 })).not.toContain(CANARY);
    }
    expect(fake.requests[0]?.authorization).toBe(`Bearer ${CANARY}`);
  });

  test('one failure of GitHub is not noticed, an unreachable or babbling one is transient', async () => {
    let failures = 1;
    const { repository, commit, fake } = await open({
      intercept: (request, response) => failures-- > 0 && answering(500)(request, response),
    });
    expect(await repository.resolve('refs/heads/main')).toBe(commit);
    const babbling = await open({ intercept: answering(200, {}, '{"ref": 7}') });
    expect(await failureOf(babbling.repository.resolve('refs/heads/main'))).toMatchObject({ kind: 'transient' });
    await fake.close();
    expect(await failureOf(repository.resolve('refs/heads/main'))).toMatchObject({ code: 'repository-unreachable' });
  });

  test('a redirect to another host carries no token', async () => {
    const other = await open();
    const target = other.fake.apiURL.replace('127.0.0.1', 'localhost');
    const { repository } = await open({
      intercept: ({ url }, response) => {
        response.writeHead(302, { location: `${target}${url}` }).end();
        return true;
      },
    });
    await failureOf(repository.resolve('refs/heads/main'));
    expect(other.fake.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test('an unchanged ref is confirmed by 304', async () => {
    const { repository, commit, fake } = await open();
    for (let time = 0; time < 3; time += 1) expect(await repository.resolve('refs/heads/main')).toBe(commit);
    expect(fake.requests.map(({ status }) => status)).toEqual([200, 304, 304]);
  });

  test('a poll of what did not change costs nothing of the rate limit', async () => {
    const { repository, fake } = await open();
    const poll = async () => [await repository.defaultBranch(), await repository.listRefs()];
    const first = await poll();
    const before = fake.requests.length;
    expect(await poll()).toEqual(first);
    expect(new Set(fake.requests.slice(before).map(({ status }) => status))).toEqual(new Set([304]));
    expect(fake.requests.length - before).toBeLessThanOrEqual(5);
  });

  test('many blobs cost one request, and bytes that are not what was asked for are not taken', async () => {
    const { repository, commit, fake } = await open();
    const { entries } = await repository.listTree(commit);
    const before = fake.requests.length;
    const digests = [...entries.values()].map(({ digest }) => digest);
    expect((await repository.readBlobs(digests)).size).toBe(5);
    expect(fake.requests.length - before).toBe(1);
    const lying = await open({
      intercept: ({ url = '' }, response) =>
        url.includes('/git/blobs/') &&
        answering(200, {}, '{"content":"WA==","encoding":"base64"}')({} as never, response),
    });
    expect(await failureOf(lying.repository.readBlobs(digests.slice(0, 1)))).toMatchObject({ kind: 'transient' });
  });

  test('a GitHub App asks for a token that reads the contents of this repository', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { repository, commit, fake } = await open({}, JSON.stringify({ appId: 12, privateKey: pem }));
    expect(await repository.resolve('refs/heads/main')).toBe(commit);
    await repository.listTree(commit);
    const token = fake.requests.filter(({ url }) => url.endsWith('/access_tokens'));
    expect(token).toHaveLength(1);
    expect(JSON.parse(token[0]?.body ?? '')).toEqual({ permissions: { contents: 'read' }, repositories: ['app'] });
    expect(fake.requests.at(-1)?.authorization).toBe('Bearer ghs_installation');
    expect(fake.requests[0]?.authorization).toMatch(/^Bearer ey/);
  });

  test('an unusable secret is named without its value', async () => {
    const { repository } = await open({}, `{"appId": 12, "oops": "${CANARY}"}`);
    const error = await failureOf(repository.resolve('refs/heads/main'));
    expect(error).toMatchObject({ kind: 'permanent', code: 'forge-credentials-invalid' });
    expect(inspect(error, { depth: 9 })).not.toContain(CANARY);
  });

  test('tells the commit that two commits share, and none where they share none', async () => {
    const [base, one, other] = ['a', 'b', 'c'].map((digit) => digit.repeat(40));
    const asked: string[] = [];
    const sharing = (request: IncomingMessage, response: ServerResponse): boolean => {
      const url = decodeURIComponent(request.url ?? '');
      if (!/compare/.test(url)) return false;
      asked.push(url);
      return answering(200, {}, JSON.stringify({ merge_base_commit: { sha: base } }))(request, response);
    };
    const { repository } = await open({ intercept: sharing });
    expect(await repository.mergeBase?.(`${one}`, `${other}`)).toBe(base);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain(`/compare/${one}...${other}`);
    const none = await open({
      intercept: (request, response) => /compare/.test(request.url ?? '') && answering(404)(request, response),
    });
    expect(await none.repository.mergeBase?.(`${one}`, `${other}`)).toBeUndefined();
  });
});
