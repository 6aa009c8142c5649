import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createGitHubLists } from '../../src/adapters/github/forge-lists.ts';
import { createGitLabLists } from '../../src/adapters/gitlab/forge-lists.ts';
import { createAskPlugin } from '../../src/adapters/plugin/ask-plugin.ts';
import type { ForgeLists } from '../../src/ports/forge-lists.ts';
import { type ScriptedAnswer, type SeenRequest, startScriptedServer } from './scripted-server.ts';

const CANARY = 'canary-0123456789';
const SHA = '0123456789abcdef0123456789abcdef01234567';

/** Pages of a list, with the Link header that both forges send. */
const paged =
  (base: () => string, path: string, items: readonly unknown[]) =>
  ({ url }: SeenRequest): ScriptedAnswer | undefined => {
    const at = new URL(url, base());
    if (at.pathname !== path) return undefined;
    const size = 2;
    const page = Number(at.searchParams.get('page') ?? '1');
    at.searchParams.set('page', String(page + 1));
    const link = page * size < items.length ? { headers: { link: `<${at.href}>; rel="next"` } } : {};
    return { json: items.slice((page - 1) * size, page * size), ...link };
  };

type Route = (request: SeenRequest) => ScriptedAnswer | undefined;

const missing: ScriptedAnswer = { status: 404, json: { message: 'Not Found' } };

const open = async (forge: 'github' | 'gitlab', routes: (base: () => string) => Route[]) => {
  const server = await startScriptedServer((request) => {
    for (const route of routes(() => server.url)) {
      const answer = route(request);
      if (answer) return answer;
    }
    return missing;
  });
  const apiURL = forge === 'gitlab' ? `${server.url}/api/v4` : server.url;
  const repository = { url: 'https://forge.test/acme/app', forge, apiURL, credentials: 'token' };
  const options = { repository, credential: async () => CANARY, clock: () => 1_700_000_000_000 };
  const lists: ForgeLists = forge === 'gitlab' ? createGitLabLists(options) : createGitHubLists(options);
  return { lists, server };
};

const gitHubPull = (number: number, labels: string[] = []) => ({
  number,
  title: `change ${number}`,
  head: { ref: `feature/${number}`, sha: SHA },
  base: { ref: 'main' },
  user: { login: 'ada' },
  labels: labels.map((name) => ({ name })),
});
const gitLabRequest = (iid: number, labels: string[] = []) => ({
  iid,
  title: `change ${iid}`,
  source_branch: `feature/${iid}`,
  target_branch: 'main',
  sha: SHA,
  author: { username: 'ada' },
  labels,
});
const pull = (number: number, labels: string[] = []) => ({
  number,
  title: `change ${number}`,
  branch: `feature/${number}`,
  targetBranch: 'main',
  headSHA: SHA,
  author: 'ada',
  labels,
});

const gitHubRepository = (name: string, archived = false) => ({
  id: 7,
  name,
  owner: { login: 'acme' },
  ssh_url: `git@forge.test:acme/${name}.git`,
  clone_url: `https://forge.test/acme/${name}.git`,
  default_branch: 'main',
  archived,
  topics: ['x'],
});
const gitLabProject = (path: string) => ({
  id: 7,
  path,
  namespace: { full_path: 'acme' },
  ssh_url_to_repo: `git@forge.test:acme/${path}.git`,
  http_url_to_repo: `https://forge.test/acme/${path}.git`,
  default_branch: 'main',
  topics: ['x'],
});
const listed = (name: string) => ({
  organization: 'acme',
  repository: name,
  repositoryId: 7,
  labels: ['x'],
  ssh: `git@forge.test:acme/${name}.git`,
  https: `https://forge.test/acme/${name}.git`,
  defaultBranch: 'main',
});

describe("GitHub's lists", () => {
  it('has the open pull requests of a repository, over pages, with all the labels', async () => {
    const pulls = [gitHubPull(1, ['a', 'b']), gitHubPull(2, ['a']), gitHubPull(3, ['b', 'a']), gitHubPull(4)];
    const { lists, server } = await open('github', (base) => [paged(base, '/repos/acme/shop/pulls', pulls)]);
    await using _server = server;
    expect(await lists.pullRequests({ path: 'acme/shop', labels: ['a', 'b'] })).toEqual([
      pull(1, ['a', 'b']),
      pull(3, ['b', 'a']),
    ]);
    expect(server.requests[0]?.url).toContain('state=open');
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${CANARY}`);
  });

  it('has an organization’s repositories, over pages, or a person’s, without archived ones where asked', async () => {
    const all = [gitHubRepository('a'), gitHubRepository('old', true), gitHubRepository('b')];
    const { lists, server } = await open('github', (base) => [
      paged(base, '/orgs/acme/repos', all),
      paged(base, '/users/ada/repos', [gitHubRepository('c')]),
    ]);
    await using _server = server;
    const query = { archived: false, subgroups: false, shared: true };
    expect(await lists.repositories({ ...query, path: 'acme' })).toEqual([listed('a'), listed('b')]);
    expect(await lists.repositories({ ...query, path: 'acme', archived: true })).toHaveLength(3);
    expect(await lists.repositories({ ...query, path: 'ada' })).toEqual([listed('c')]);
    await expect(lists.repositories({ ...query, path: 'nobody' })).rejects.toMatchObject({
      code: 'repository-not-found',
    });
  });

  it('has branches, and tells whether one has a path', async () => {
    const branches = ['main', 'feature/x', 'z'].map((name) => ({ name, commit: { sha: SHA } }));
    const { lists, server } = await open('github', (base) => [
      paged(base, '/repos/acme/a/branches', branches),
      ({ url }) => (url === '/repos/acme/a/branches/main' ? { json: branches[0] } : undefined),
      ({ url }) => (url === '/repos/acme/a/contents/deploy/my%20app?ref=main' ? { json: [] } : undefined),
    ]);
    await using _server = server;
    expect(await lists.branches(listed('a'), true)).toEqual(branches.map(({ name }) => ({ name, sha: SHA })));
    expect(await lists.branches(listed('a'), false)).toEqual([{ name: 'main', sha: SHA }]);
    expect(await lists.branches(listed('gone'), false)).toEqual([]);
    expect(await lists.hasPath(listed('a'), { branch: 'main', path: 'deploy/my app' })).toBe(true);
    expect(await lists.hasPath(listed('a'), { branch: 'main', path: 'other' })).toBe(false);
  });

  it('asks only for what has changed', async () => {
    const { lists, server } = await open('github', () => [
      ({ headers }) =>
        headers['if-none-match'] === '"one"' ? { status: 304 } : { json: [gitHubPull(1)], headers: { etag: '"one"' } },
    ]);
    await using _server = server;
    const query = { path: 'acme/shop', labels: [] };
    expect(await lists.pullRequests(query)).toEqual(await lists.pullRequests(query));
    expect(server.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"one"']);
  });
});

describe("GitLab's lists", () => {
  it('has the merge requests of a project by path or id, over pages, filtered by the forge', async () => {
    const requests = [gitLabRequest(1, ['a']), { ...gitLabRequest(2), sha: null }, gitLabRequest(3, ['a'])];
    const { lists, server } = await open('gitlab', (base) => [
      paged(base, '/api/v4/projects/acme%2Fteam%2Fshop/merge_requests', requests),
      paged(base, '/api/v4/projects/123/merge_requests', requests.slice(0, 1)),
    ]);
    await using _server = server;
    const query = { labels: ['a', 'b'], state: 'opened' };
    expect(await lists.pullRequests({ ...query, path: 'acme/team/shop' })).toEqual([pull(1, ['a']), pull(3, ['a'])]);
    expect(server.requests[0]?.url).toContain('labels=a%2Cb&state=opened');
    expect(server.requests[0]?.headers['private-token']).toBe(CANARY);
    expect(await lists.pullRequests({ path: '123', labels: [] })).toEqual([pull(1, ['a'])]);
    expect(server.requests.at(-1)?.url).not.toContain('state');
  });

  it('has the projects of a group, with what the generator says of subgroups, archived and shared ones', async () => {
    const { lists, server } = await open('gitlab', (base) => [
      paged(base, '/api/v4/groups/acme%2Fteam/projects', [gitLabProject('a'), gitLabProject('b'), gitLabProject('c')]),
    ]);
    await using _server = server;
    const query = { path: 'acme/team', archived: false, subgroups: true, shared: false, topic: 'x' };
    expect(await lists.repositories(query)).toEqual(['a', 'b', 'c'].map(listed));
    const asked = new URL(server.requests[0]?.url ?? '', server.url).searchParams;
    expect(Object.fromEntries(asked)).toEqual({
      include_subgroups: 'true',
      with_shared: 'false',
      archived: 'false',
      topic: 'x',
      per_page: '100',
    });
  });

  it('has branches, and tells whether one has a path', async () => {
    const branches = ['main', 'feature/x', 'z'].map((name) => ({ name, commit: { id: SHA } }));
    const { lists, server } = await open('gitlab', (base) => [
      paged(base, '/api/v4/projects/acme%2Fa/repository/branches', branches),
      ({ url }) => (url === '/api/v4/projects/acme%2Fa/repository/branches/main' ? { json: branches[0] } : undefined),
      (request) =>
        request.url.includes('path=deploy&')
          ? paged(base, '/api/v4/projects/acme%2Fa/repository/tree', [
              { path: 'deploy/a' },
              { path: 'deploy/b' },
              { path: 'deploy/app' },
            ])(request)
          : undefined,
    ]);
    await using _server = server;
    expect(await lists.branches(listed('a'), true)).toEqual(branches.map(({ name }) => ({ name, sha: SHA })));
    expect(await lists.branches(listed('a'), false)).toEqual([{ name: 'main', sha: SHA }]);
    expect(await lists.branches(listed('gone'), false)).toEqual([]);
    expect(await lists.hasPath(listed('a'), { branch: 'main', path: 'deploy/app' })).toBe(true);
    expect(await lists.hasPath(listed('a'), { branch: 'main', path: 'deploy/ap' })).toBe(false);
    expect(await lists.hasPath(listed('a'), { branch: 'main', path: 'other' })).toBe(false);
  });
});

describe.each(['github', 'gitlab'] as const)('%s', (forge) => {
  it.each([
    [401, {}, 'permanent', 'repository-denied', undefined],
    [403, {}, 'permanent', 'repository-denied', undefined],
    [404, {}, 'permanent', 'repository-not-found', undefined],
    [429, { 'retry-after': '17' }, 'transient', 'repository-rate-limited', 17],
    [502, {}, 'transient', 'repository-unreachable', undefined],
  ])('tells %i by its meaning, without the token', async (status, headers, kind, code, retryAfterSeconds) => {
    const { lists, server } = await open(forge, () => [() => ({ status, headers, json: { message: CANARY } })]);
    await using _server = server;
    const query = { path: 'acme', archived: true, subgroups: true, shared: true };
    for (const work of [() => lists.pullRequests({ path: 'acme/a', labels: [] }), () => lists.repositories(query)]) {
      const error: unknown = await work().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ kind, code, retryAfterSeconds });
      expect(inspect(error, { depth: 9 })).not.toContain(CANARY);
    }
  });

  it('does not follow a page to another host', async () => {
    await using other = await startScriptedServer(() => ({ json: [] }));
    const { lists, server } = await open(forge, () => [
      () => ({ json: [], headers: { link: `<${other.url}/next>; rel="next"` } }),
    ]);
    await using _server = server;
    await lists.pullRequests({ path: 'acme/a', labels: [] }).catch(() => undefined);
    expect(other.requests).toEqual([]);
  });
});

describe('a plugin', () => {
  const request = { applicationSetName: 'set', input: { parameters: { a: 1 } } };
  const ask = createAskPlugin({ secrets: { read: async () => `${CANARY}\n` } });

  it('is sent what Argo CD sends, and answers with its output parameters', async () => {
    await using server = await startScriptedServer(() => ({
      json: { output: { parameters: [{ x: 1 }, { y: [2] }] } },
    }));
    expect(await ask({ name: 'p', baseUrl: `${server.url}/`, credentials: 'token' }, request)).toEqual([
      { x: 1 },
      { y: [2] },
    ]);
    expect(server.requests).toMatchObject([{ method: 'POST', url: '/api/v1/getparams.execute' }]);
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${CANARY}`);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual(request);
  });

  it.each([
    ['an answer of another shape', { json: { parameters: [] } }, 'permanent', 'plugin-refused'],
    ['no JSON', { text: 'hello' }, 'permanent', 'plugin-refused'],
    ['403', { status: 403, json: {} }, 'permanent', 'plugin-refused'],
    ['a redirect', { status: 302, headers: { location: 'http://169.254.169.254/' } }, 'permanent', 'plugin-refused'],
    ['500', { status: 500, json: {} }, 'transient', 'plugin-unreachable'],
    ['429', { status: 429, json: {} }, 'transient', 'plugin-unreachable'],
    ['silence', { drop: true }, 'transient', 'plugin-unreachable'],
  ] as const)('fails by its meaning on %s', async (_name, answer, kind, code) => {
    await using server = await startScriptedServer(() => answer);
    await expect(ask({ name: 'p', baseUrl: server.url, credentials: 'token' }, request)).rejects.toMatchObject({
      kind,
      code,
    });
    expect(server.requests).toHaveLength(1);
  });
});
