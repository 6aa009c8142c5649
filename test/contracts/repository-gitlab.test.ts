import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { createGitLabRepository } from '../../src/adapters/gitlab/repository.ts';
import { type BareRepository, createBareRepository } from '../fakes/bare-repository.ts';
import { type FakeGitLabOptions, startFakeGitLab } from '../fakes/fake-gitlab.ts';
import { repositoryContract } from './repository-suite.ts';

const NOW = 1_700_000_000_000;
const CANARY = 'glpat-canary-0123456789';

const openAt = async (bare: BareRepository, options: FakeGitLabOptions = {}) => {
  const fake = await startFakeGitLab(bare.directory, options);
  let now = NOW;
  const repository = createGitLabRepository({
    repository: { url: fake.repositoryURL, forge: 'gitlab', apiURL: fake.apiURL },
    credential: async () => CANARY,
    // Each look at the clock is an hour later, so that nothing is kept for a time.
    clock: () => (now += 3_600_000),
  });
  return { repository, fake, close: fake.close };
};

repositoryContract('gitlab', { sha256: false, large: true, open: (bare) => openAt(bare) });
repositoryContract('gitlab, small pages', { sha256: false, open: (bare) => openAt(bare, { pageSize: 30 }) });

describe('gitlab repository', () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  const open = async (options: FakeGitLabOptions = {}) => {
    const bare = await createBareRepository();
    closers.push(bare.remove);
    const commit = await bare.commit({ ref: 'refs/heads/main', files: { a: '1', 'd/b': '2' } });
    const opened = await openAt(bare, options);
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
    [404, {}, 'permanent', 'repository-not-found', undefined],
    [429, { 'retry-after': '5' }, 'transient', 'repository-rate-limited', 5],
    [429, {}, 'transient', 'repository-rate-limited', 60],
    [500, {}, 'transient', 'repository-unreachable', undefined],
    [503, {}, 'transient', 'repository-unreachable', undefined],
  ])('status %i %j is told by its meaning, without the token', async (status, headers, kind, code, retry) => {
    const { repository, fake } = await open({ intercept: answering(status, headers) });
    for (const work of [() => repository.resolve('refs/heads/main'), () => repository.listRefs()]) {
      const error = await failureOf(work());
      expect(error).toMatchObject({ kind, code, retryAfterSeconds: retry });
      expect(inspect(error, { depth: 9 })).not.toContain(CANARY);
    }
    expect(fake.requests[0]?.token).toBe(CANARY);
  });

  test('one failure of GitLab is not noticed, an unreachable or babbling one is transient', async () => {
    let failures = 1;
    const { repository, commit, fake } = await open({
      intercept: (request, response) => failures-- > 0 && answering(502)(request, response),
    });
    expect(await repository.resolve('refs/heads/main')).toBe(commit);
    const babbling = await open({ intercept: answering(200, {}, '<html>') });
    expect(await failureOf(babbling.repository.resolve('refs/heads/main'))).toMatchObject({ kind: 'transient' });
    await fake.close();
    const error = await failureOf(repository.resolve('refs/heads/main'));
    expect(error).toMatchObject({ kind: 'transient', code: 'repository-unreachable' });
    expect(inspect(error, { depth: 9 })).not.toContain(CANARY);
  });

  test('a redirect within the host is followed, one to another host is not', async () => {
    const other = await open();
    const abroad = await open({
      intercept: ({ url }, response) => {
        response.writeHead(302, { location: `${new URL(other.fake.apiURL).origin}${url}` }).end();
        return true;
      },
    });
    const error = await failureOf(abroad.repository.resolve('refs/heads/main'));
    expect(error).toMatchObject({ kind: 'permanent', code: 'repository-not-found' });
    expect(other.fake.requests).toEqual([]);
    const moved = await open({
      intercept: ({ url = '' }, response) => {
        if (url.includes('moved')) return false;
        response.writeHead(301, { location: `${url}${url.includes('?') ? '&' : '?'}moved=1` }).end();
        return true;
      },
    });
    expect(await moved.repository.resolve('refs/heads/main')).toBe(moved.commit);
  });

  test('a poll of what did not change is confirmed by 304, page by page', async () => {
    const { bare, commit, repository, fake } = await open({ pageSize: 2 });
    await bare.git('fetch', '--quiet', '.', ...['a', 'b', 'c'].map((name) => `${commit}:refs/heads/${name}`));
    const poll = async () => {
      const before = fake.requests.length;
      const refs = [await repository.defaultBranch(), (await repository.listRefs()).size];
      return { refs, statuses: fake.requests.slice(before).map(({ status }) => status) };
    };
    const first = await poll();
    expect(first.refs).toEqual(['refs/heads/main', 5]);
    const again = await poll();
    expect(again.refs).toEqual(first.refs);
    expect(new Set(again.statuses)).toEqual(new Set([304]));
    await bare.git('update-ref', 'refs/heads/d', commit);
    expect((await poll()).refs).toEqual(['refs/heads/main', 6]);
  });

  test('a next page on another host is not asked for', async () => {
    const other = await open();
    const link = `<${other.fake.apiURL}/next>; rel="next"`;
    const { repository } = await open({
      intercept: (request, response) =>
        (request.url ?? '').includes('/branches') && answering(200, { link }, '[]')(request, response),
    });
    expect(await failureOf(repository.listRefs())).toMatchObject({ code: 'repository-unreachable' });
    expect(other.fake.requests).toEqual([]);
  });

  test('a commit costs its changed directories, a mass change one recursive listing', async () => {
    const { bare, repository, fake } = await open({ pageSize: 20 });
    const files = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`apps/${at % 8}/${at}.yaml`, `${at}`]));
    const first = await bare.commit({ ref: 'refs/heads/main', files });
    await repository.listTree(first);
    const asked = async (commit: string) => {
      const before = fake.requests.length;
      const tree = await repository.listTree(commit);
      expect(tree.digest).toBe(await bare.git('rev-parse', `${commit}^{tree}`));
      return fake.requests.length - before;
    };
    const changed = { ...files, 'apps/3/3.yaml': 'changed' };
    // The root, apps, and three pages of apps/3.
    expect(await asked(await bare.commit({ ref: 'refs/heads/main', files: changed, from: first }))).toBe(5);
    const all = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, `${text}!`]));
    // The root, apps, and 408 entries below it in pages of 20.
    expect(await asked(await bare.commit({ ref: 'refs/heads/main', files: all, from: first }))).toBe(2 + 21);
    expect(await asked(first)).toBe(1);
  });

  test('tells the commit that two commits share, and none where they share none', async () => {
    const [base, one, other] = ['a', 'b', 'c'].map((digit) => digit.repeat(40));
    const asked: string[] = [];
    const sharing = (request: IncomingMessage, response: ServerResponse): boolean => {
      const url = decodeURIComponent(request.url ?? '');
      if (!/merge_base/.test(url)) return false;
      asked.push(url);
      return answering(200, {}, JSON.stringify({ id: base }))(request, response);
    };
    const { repository } = await open({ intercept: sharing });
    expect(await repository.mergeBase?.(`${one}`, `${other}`)).toBe(base);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain(`/repository/merge_base?refs[]=${one}&refs[]=${other}`);
    const none = await open({
      intercept: (request, response) => /merge_base/.test(request.url ?? '') && answering(404)(request, response),
    });
    expect(await none.repository.mergeBase?.(`${one}`, `${other}`)).toBeUndefined();
  });
});
