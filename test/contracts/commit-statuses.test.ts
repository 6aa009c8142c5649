import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createGitHubReports } from '../../src/adapters/github/check-runs.ts';
import { createGitHubStatuses } from '../../src/adapters/github/commit-statuses.ts';
import { createGitLabStatuses } from '../../src/adapters/gitlab/commit-statuses.ts';
import type { RepositoryConfig } from '../../src/domain/fleet/fleet-file.ts';
import type { CommitStatus } from '../../src/ports/commit-statuses.ts';
import { createFakeGitHub, type FakeGitHubOptions } from '../fakes/forge-statuses-github.ts';
import { createFakeGitLab, type FakeGitLabOptions } from '../fakes/forge-statuses-gitlab.ts';
import { COMMIT, describeCommitStatuses, everythingIn, type ForgeUnderTest } from './commit-statuses-suite.ts';

const NOW = 1_700_000_000_000;
const clock = () => NOW;
const TOKENS = { right: 'canary-right', wrong: 'canary-wrong', 'read-only': 'canary-read-only' };
const options = { commits: [COMMIT], token: TOKENS.right, readToken: TOKENS['read-only'] };

const github: RepositoryConfig = {
  url: 'https://github.com/Acme/Fleet.git',
  forge: 'github',
  apiURL: 'https://api.github.com/',
};
const gitlab: RepositoryConfig = {
  url: 'https://example.com/gitlab/Acme/team/fleet',
  forge: 'gitlab',
  apiURL: 'https://example.com/gitlab/api/v4',
};

const status = (repository: RepositoryConfig, overrides: Partial<CommitStatus> = {}): CommitStatus => ({
  repository,
  commit: COMMIT,
  ref: 'refs/heads/main',
  context: 'towline/prod',
  state: 'pending',
  description: 'planning',
  ...overrides,
});

const fakeGitHub = (more: Partial<FakeGitHubOptions> = {}) => {
  const fake = createFakeGitHub({ repository: 'Acme/Fleet', ...options, ...more });
  const adapter = (secret: string) =>
    createGitHubStatuses({ credentials: () => Promise.resolve(secret), clock, fetch: fake.fetch });
  return { fake, adapter };
};

/** The fake lives at `/api/v4`, as a relative root is the proxy's business. */
const fakeGitLab = (more: Partial<FakeGitLabOptions> = {}) => {
  const fake = createFakeGitLab({ project: 'Acme/team/fleet', ...options, ...more });
  const seen: Request[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    const request = new Request(input, init);
    seen.push(request.clone());
    return fake.fetch(new Request(request.url.replace('/gitlab/', '/'), request));
  };
  const adapter = (secret: string) =>
    createGitLabStatuses({ credentials: () => Promise.resolve(secret), clock, fetch });
  return { fake, seen, adapter };
};

describeCommitStatuses('GitHub', (): ForgeUnderTest => {
  const { fake, adapter } = fakeGitHub();
  return {
    repository: github,
    statuses: adapter(TOKENS.right),
    shown: () =>
      [...new Map(fake.statuses.map((one) => [one.context, one])).values()].map(
        ({ context, state, description, target_url }) => ({ context, state, description, url: target_url }),
      ),
    words: { pending: 'pending', running: 'pending', success: 'success', failure: 'failure', canceled: 'error' },
    withCredentials: (kind) => adapter(TOKENS[kind]),
    failNext: (kind) => (kind === 'limit' ? fake.fail.secondaryLimit('17') : fake.fail.status(502)),
  };
});

for (const idempotent of [false, true]) {
  describeCommitStatuses(`GitLab ${idempotent ? 'since' : 'before'} 18.3`, (): ForgeUnderTest => {
    const { fake, adapter } = fakeGitLab({ idempotent });
    return {
      repository: gitlab,
      statuses: adapter(TOKENS.right),
      shown: () =>
        [...new Map(fake.statuses.map((one) => [one.name, one])).values()].map((one) => ({
          context: one.name,
          state: one.status,
          description: one.description,
          url: one.target_url,
        })),
      words: { pending: 'pending', running: 'running', success: 'success', failure: 'failed', canceled: 'canceled' },
      withCredentials: (kind) => adapter(TOKENS[kind]),
      failNext: (kind) => (kind === 'limit' ? fake.fail.limit({ 'retry-after': '17' }) : fake.fail.status(502)),
    };
  });
}

describe('GitHub alone', () => {
  it('a secondary limit without a time waits a minute; a primary one until it is over', async () => {
    const { fake, adapter } = fakeGitHub();
    fake.fail.secondaryLimit();
    await expect(adapter(TOKENS.right).post(status(github))).rejects.toMatchObject({ retryAfterSeconds: 60 });
    fake.fail.primaryLimit(NOW / 1000 + 90);
    await expect(adapter(TOKENS.right).post(status(github))).rejects.toMatchObject({
      code: 'forge-rate-limited',
      retryAfterSeconds: 90,
    });
  });

  it('a context that is full on its commit is refused for good', async () => {
    const { adapter } = fakeGitHub({ maxStatuses: 1 });
    const statuses = adapter(TOKENS.right);
    await statuses.post(status(github));
    await expect(statuses.post(status(github))).rejects.toMatchObject({ code: 'status-refused', kind: 'permanent' });
  });

  it('a repository that the token cannot see is denied', async () => {
    const { adapter } = fakeGitHub({ repository: 'acme/other' });
    await expect(adapter(TOKENS.right).post(status(github))).rejects.toMatchObject({ code: 'forge-denied' });
  });

  it('a host that cannot be reached passes, and its error holds no token', async () => {
    const fetch = () => Promise.reject(new TypeError('fetch failed'));
    const statuses = createGitHubStatuses({ credentials: () => Promise.resolve(TOKENS.right), clock, fetch });
    const error = await statuses.post(status(github)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'forge-unreachable', kind: 'transient' });
    expect(everythingIn(error)).not.toContain('canary');
  });
});

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const app = { id: '77', publicKey, installationId: 5 };
const secret = (key: string) => JSON.stringify({ appId: 77, privateKey: key });

const fakeChecks = (more: Partial<FakeGitHubOptions> = {}) => {
  const { fake } = fakeGitHub({ app, ...more });
  const adapter = (credentials: string) =>
    createGitHubReports({ credentials: () => Promise.resolve(credentials), clock, fetch: fake.fetch });
  return { fake, adapter };
};

describeCommitStatuses('GitHub, check runs of an App', (): ForgeUnderTest => {
  const { fake, adapter } = fakeChecks();
  return {
    repository: github,
    statuses: adapter(secret(privateKey)),
    shown: () =>
      [...new Map(fake.checkRuns.map((one) => [one.name, one])).values()].map(
        ({ name, status: state, conclusion, output, details_url }) => ({
          context: name,
          state: conclusion ?? state,
          description: output.title,
          url: details_url ?? null,
        }),
      ),
    words: {
      pending: 'queued',
      running: 'in_progress',
      success: 'success',
      failure: 'failure',
      canceled: 'cancelled',
    },
    withCredentials: (kind) => adapter(TOKENS[kind]),
    failNext: (kind) => (kind === 'limit' ? fake.fail.secondaryLimit('17') : fake.fail.status(502)),
  };
});

describe('check runs', () => {
  it('one run is updated from pending to its end, with a token for the one repository and checks alone', async () => {
    const { fake, adapter } = fakeChecks();
    const checks = adapter(secret(privateKey));
    for (const state of ['pending', 'running', 'failure', 'success'] as const)
      await checks.post(status(github, { state }));
    expect(fake.checkRuns).toMatchObject([{ id: 1, status: 'completed', conclusion: 'success' }]);
    expect(fake.statuses).toEqual([]);
    expect(fake.grants).toEqual([{ repositories: ['Fleet'], permissions: { checks: 'write' } }]);
  });

  it('a run that another worker began is found and updated; a new attempt begins a new one', async () => {
    const { fake, adapter } = fakeChecks();
    await adapter(secret(privateKey)).post(status(github));
    await adapter(secret(privateKey)).post(status(github, { state: 'failure' }));
    expect(fake.checkRuns).toMatchObject([{ conclusion: 'failure' }]);
    await adapter(secret(privateKey)).post(status(github));
    expect(fake.checkRuns).toMatchObject([{ conclusion: 'failure' }, { status: 'queued' }]);
  });

  it('annotates files and lines, fifty a request', async () => {
    const { fake, adapter } = fakeChecks();
    const annotations = Array.from({ length: 120 }, (_, index) => ({
      path: 'a.yaml',
      line: index + 1,
      message: 'wrong',
    }));
    await adapter(secret(privateKey)).post(status(github, { state: 'failure', annotations }));
    expect(fake.checkRuns).toHaveLength(1);
    expect(fake.checkRuns[0]?.annotations).toHaveLength(120);
    expect(fake.checkRuns[0]?.annotations[119]).toMatchObject({ path: 'a.yaml', start_line: 120, end_line: 120 });
  });

  it('an App without checks: write, and a plain token, write statuses', async () => {
    const { fake, adapter } = fakeChecks({ app: { ...app, granted: ['statuses'] } });
    const reports = adapter(secret(privateKey));
    for (const state of ['pending', 'success'] as const) await reports.post(status(github, { state }));
    await adapter(TOKENS.right).post(status(github, { context: 'towline/dev' }));
    expect(fake.checkRuns).toEqual([]);
    expect(fake.statuses.map(({ context, state }) => `${context} ${state}`)).toEqual([
      'towline/prod pending',
      'towline/prod success',
      'towline/dev pending',
    ]);
  });
});

describe('GitHub App', () => {
  it('writes with a token for the one repository and statuses alone, made once', async () => {
    const { fake, adapter } = fakeGitHub({ token: undefined, app });
    const statuses = adapter(secret(privateKey));
    await statuses.post(status(github));
    await statuses.post(status(github, { state: 'success' }));
    expect(fake.statuses.map(({ state }) => state)).toEqual(['pending', 'success']);
    expect(fake.grants).toEqual([{ repositories: ['Fleet'], permissions: { statuses: 'write' } }]);
  });

  it('takes a key that was pasted into one line', async () => {
    const { fake, adapter } = fakeGitHub({ app });
    await adapter(JSON.stringify({ appId: '77', privateKey: privateKey.replaceAll('\n', '\\n') })).post(status(github));
    expect(fake.statuses).toHaveLength(1);
  });

  it.each([
    ['no JSON', '{canary'],
    ['no key', '{"appId":77}'],
    ['a broken key', JSON.stringify({ appId: 77, privateKey: 'canary' })],
    ['nothing', ' '],
  ])('%s is an error for good that shows nothing', async (_, value) => {
    const error = await fakeGitHub({ app })
      .adapter(value)
      .post(status(github))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'forge-credentials-invalid', kind: 'permanent' });
    expect(everythingIn(error)).not.toContain('canary');
  });

  it('a key of another App is denied', async () => {
    const { adapter } = fakeGitHub({ app: { ...app, id: '78' } });
    await expect(adapter(secret(privateKey)).post(status(github))).rejects.toMatchObject({ code: 'forge-denied' });
  });
});

describe('GitLab alone', () => {
  it('names the pipeline of the first answer, for each ref its own', async () => {
    const { fake, adapter } = fakeGitLab();
    const statuses = adapter(TOKENS.right);
    await statuses.post(status(gitlab));
    await statuses.post(status(gitlab, { state: 'running' }));
    await statuses.post(status(gitlab, { ref: 'refs/heads/other' }));
    expect(fake.posts.map(({ ref, pipeline_id }) => [ref, pipeline_id])).toEqual([
      ['main', undefined],
      ['main', 1_000],
      ['other', undefined],
    ]);
  });

  it('a refused transition that is not there already is an error', async () => {
    const { fake, adapter } = fakeGitLab();
    fake.fail.status(400);
    await expect(adapter(TOKENS.right).post(status(gitlab))).rejects.toMatchObject({
      code: 'status-refused',
      kind: 'permanent',
    });
  });

  it('409 is tried again soon', async () => {
    const { fake, adapter } = fakeGitLab();
    fake.fail.status(409);
    await expect(adapter(TOKENS.right).post(status(gitlab))).rejects.toMatchObject({
      kind: 'transient',
      retryAfterSeconds: 1,
    });
  });

  it('a limit may name the time instead', async () => {
    const { fake, adapter } = fakeGitLab();
    fake.fail.limit({ 'ratelimit-reset': String(NOW / 1000 + 5) });
    await expect(adapter(TOKENS.right).post(status(gitlab))).rejects.toMatchObject({ retryAfterSeconds: 5 });
  });

  it('the token follows no redirect', async () => {
    const { fake, seen, adapter } = fakeGitLab();
    fake.fail.redirect('https://evil.example.com/');
    await expect(adapter(TOKENS.right).post(status(gitlab))).rejects.toMatchObject({ kind: 'permanent' });
    expect(seen.map(({ url, redirect }) => [new URL(url).host, redirect])).toEqual([['example.com', 'manual']]);
  });
});
