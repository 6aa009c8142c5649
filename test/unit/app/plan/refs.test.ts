import { describe, expect, it } from 'vitest';
import { transient } from '../../../../src/domain/errors.ts';
import {
  applicationYaml,
  CONFIG_REPOSITORY,
  configMapYaml,
  createMemoryStack,
  MAIN,
  REPOSITORY,
} from '../../../fakes/memory-stack.ts';

type Stack = Awaited<ReturnType<typeof createMemoryStack>>;

const following = (targetRevision: string, more = ''): Record<string, string> => ({
  'apps/web.yaml': applicationYaml('web', 'web', 'dev').replace(
    /source: .*/,
    `source: { repoURL: ${CONFIG_REPOSITORY}, targetRevision: '${targetRevision}', path: web${more} }`,
  ),
});

const value = (stack: Stack): unknown => {
  const object = stack.clusters.dev.objects.get('/ConfigMap/web/web');
  return object && 'data' in object ? object['data'] : undefined;
};

const version = (text: string) => ({ 'web/config.yaml': configMapYaml('web', text) });

describe('a range of versions', () => {
  it('takes the newest tag in it, whatever tag is pushed', async () => {
    const stack = await createMemoryStack();
    stack.config.commit('refs/tags/1.1.0', version('1.1.0'));
    await stack.push(following('1.*'));
    await stack.settle();
    expect(value(stack)).toEqual({ value: '1.1.0' });
    for (const [tag, expected] of [
      ['1.0.9', '1.1.0'],
      ['2.0.0', '1.1.0'],
      ['nightly', '1.1.0'],
      ['1.2.0', '1.2.0'],
      ['1.1.5', '1.2.0'],
    ] as const) {
      await stack.pushConfig(version(tag), `refs/tags/${tag}`);
      await stack.settle();
      expect(value(stack), tag).toEqual({ value: expected });
    }
  });

  it('counts the tags with its prefix alone', async () => {
    const stack = await createMemoryStack();
    stack.config.commit('refs/tags/web-1.0.0', version('web-1.0.0'));
    await stack.push(following('>=1.0.0', ', tagPrefix: web-'));
    await stack.settle();
    for (const tag of ['api-3.0.0', '4.0.0', 'web-1.2.0', 'web-1.1.0']) {
      await stack.pushConfig(version(tag), `refs/tags/${tag}`);
      await stack.settle();
    }
    expect(value(stack)).toEqual({ value: 'web-1.2.0' });
  });

  it('is polled for its newest tag only', async () => {
    const stack = await createMemoryStack();
    stack.config.commit('refs/tags/1.0.0', version('1.0.0'));
    await stack.push(following('1.*'));
    await stack.settle();
    for (const tag of ['1.1.0', '1.3.0', '1.2.0', '2.0.0']) stack.config.commit(`refs/tags/${tag}`, version(tag));
    expect(await stack.poll()).toEqual({ changes: 1 });
    await stack.settle();
    expect(value(stack)).toEqual({ value: '1.3.0' });
    expect(await stack.poll()).toEqual({ changes: 0 });
  });
});

describe('the newest tag of a range, deleted', () => {
  const withTags = async (...tags: string[]) => {
    const stack = await createMemoryStack();
    await stack.push(following('1.*'));
    await stack.settle();
    for (const tag of tags) {
      await stack.pushConfig(version(tag), `refs/tags/${tag}`);
      await stack.settle();
    }
    await stack.poll();
    await stack.settle();
    return stack;
  };

  it.each(['webhook', 'poll'])('told by %s: its applications go on at the next one, as in Argo CD', async (by) => {
    const stack = await withTags('1.1.0', '1.2.0');
    const commit = await stack.config.resolve('refs/tags/1.2.0');
    expect(value(stack)).toEqual({ value: '1.2.0' });
    stack.config.move('refs/tags/1.2.0', undefined);
    const hint = { version: 1 as const, repository: CONFIG_REPOSITORY, ref: 'refs/tags/1.2.0', cause: 'tag' as const };
    if (by === 'webhook') await stack.queues.changes([hint]);
    else expect(await stack.poll()).toEqual({ changes: 1 });
    await stack.settle();
    expect(value(stack)).toEqual({ value: '1.1.0' });
    const [gone] = [...stack.rollouts.rows.values()].filter(({ problems }) => problems.length > 0);
    expect(gone).toMatchObject({ commit, state: 'success' });
    expect(gone?.problems[0]?.text).toContain('argocd/web goes on at refs/tags/1.1.0');
    expect(await stack.poll()).toEqual({ changes: 0 });
  });

  it('is held where it was the last one', async () => {
    const stack = await withTags('1.2.0');
    stack.config.move('refs/tags/1.2.0', undefined);
    await stack.poll();
    await stack.settle();
    expect(value(stack)).toEqual({ value: '1.2.0' });
    expect([...stack.rollouts.rows.values()].at(-1)?.problems[0]?.text).toContain('argocd/web stays as it is');
  });

  it('is no news where an older one is deleted', async () => {
    const stack = await withTags('1.1.0', '1.2.0');
    const rollouts = stack.rollouts.rows.size;
    stack.config.move('refs/tags/1.1.0', undefined);
    await stack.queues.changes([{ version: 1, repository: CONFIG_REPOSITORY, ref: 'refs/tags/1.1.0', cause: 'tag' }]);
    await stack.settle();
    expect([value(stack), stack.rollouts.rows.size]).toEqual([{ value: '1.2.0' }, rollouts]);
  });
});

describe('a branch that is named like a range', () => {
  it('is taken while no tag is in the range, and pushes of it are followed', async () => {
    const stack = await createMemoryStack();
    stack.config.commit('refs/heads/1.x', version('branch'));
    await stack.push(following('1.x'));
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'branch' });
    await stack.pushConfig(version('again'), 'refs/heads/1.x');
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'again' });
    stack.config.commit('refs/heads/1.x', version('polled'));
    await stack.poll();
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'polled' });
    await stack.pushConfig(version('1.4.0'), 'refs/tags/1.4.0');
    await stack.settle();
    expect(value(stack)).toEqual({ value: '1.4.0' });
  });

  it('a range that nothing is in says so', async () => {
    const stack = await createMemoryStack();
    stack.config.commit('refs/tags/2.0.0-rc1', version('2.0.0-rc1'));
    const commit = await stack.push(following('>=1.0.0'));
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']?.[1]).toMatch(/no tag of .* is in the range >=1\.0\.0/);
    const { error } = stack.applications.rows.get('argocd/web')?.desired ?? {};
    expect(error?.message).toContain('prereleases are only in a range that names one');
  });
});

describe('a ref that is neither branch nor tag', () => {
  it('is followed by webhook and by poll', async () => {
    const stack = await createMemoryStack();
    stack.config.commit('refs/pull/7/head', version('one'));
    await stack.push(following('refs/pull/7/head'));
    await stack.settle();
    await stack.poll();
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'one' });
    await stack.pushConfig(version('two'), 'refs/pull/7/head');
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'two' });
    expect(await stack.poll()).toEqual({ changes: 0 });
    stack.config.commit('refs/pull/7/head', version('three'));
    expect(await stack.poll()).toEqual({ changes: 1 });
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'three' });
  });
});

describe('a snapshot that the cache has lost', () => {
  it('is made again by the poll, which then sees what the applications follow', async () => {
    const stack = await createMemoryStack();
    stack.config.commit('refs/heads/release', version('one'));
    await stack.push(following('release'));
    await stack.settle();
    await stack.poll();
    await stack.settle();
    stack.config.commit('refs/heads/release', version('two'));
    const keys = [...stack.blobs.blobs.keys()].filter((key) => key.startsWith('snapshots/'));
    for (const key of keys) stack.blobs.blobs.delete(key);
    const poll = stack.startPoll();
    expect(await poll()).toEqual({ changes: 1, lost: true });
    await stack.settle();
    expect(await poll()).toEqual({ changes: 1 });
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'two' });
    expect(await poll()).toEqual({ changes: 0 });
  });
});

describe('a branch that has a tag of its name, deleted', () => {
  it('gives way to the tag, and takes over again when it comes back', async () => {
    const stack = await createMemoryStack();
    stack.config.commit('refs/tags/release', version('tag'));
    stack.config.commit('refs/heads/release', version('branch'));
    await stack.push(following('release'));
    await stack.pushConfig({}, 'refs/heads/release');
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'branch' });
    stack.config.move('refs/heads/release', undefined);
    await stack.queues.changes([
      { version: 1, repository: CONFIG_REPOSITORY, ref: 'refs/heads/release', cause: 'push' },
    ]);
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'tag' });
    await stack.pushConfig(version('branch again'), 'refs/heads/release');
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'branch again' });
  });
});

describe('a name that is a branch and a tag', () => {
  it('means the branch: a push of the tag changes nothing', async () => {
    const stack = await createMemoryStack();
    stack.config.commit('refs/heads/release', version('branch'));
    await stack.push(following('release'));
    await stack.settle();
    await stack.pushConfig(version('tag'), 'refs/tags/release');
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'branch' });
  });
});

describe('a deleted branch', () => {
  const deleted = async () => {
    const stack = await createMemoryStack();
    const commit = stack.config.commit('refs/heads/release', version('one'));
    await stack.push(following('release'));
    await stack.pushConfig({}, 'refs/heads/release');
    await stack.settle();
    stack.config.move('refs/heads/release', undefined);
    return { stack, commit: stack.refs.rows.get(`${CONFIG_REPOSITORY}#refs/heads/release`)?.head ?? commit };
  };

  it.each(['webhook', 'poll'])('told by %s holds its applications and says so on its last commit', async (by) => {
    const { stack, commit } = await deleted();
    const hint = { version: 1 as const, repository: CONFIG_REPOSITORY, ref: 'refs/heads/release' };
    if (by === 'webhook') await stack.queues.changes([{ ...hint, cause: 'push' }]);
    else expect(await stack.poll()).toEqual({ changes: 1 });
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'one' });
    expect(stack.applications.rows.get('argocd/web')).not.toHaveProperty('removed');
    expect(stack.statusOf(commit)['towline/dev']).toEqual([
      'failure',
      expect.stringContaining('refs/heads/release of https://git.example.com/acme/config is gone'),
    ]);
    const rollouts = stack.rollouts.rows.size;
    await stack.queues.changes([{ ...hint, cause: 'push' }]);
    expect(await stack.poll()).toEqual({ changes: 0 });
    await stack.settle();
    expect(stack.rollouts.rows.size).toBe(rollouts);
  });

  it('that is pushed again goes on as if nothing had been', async () => {
    const { stack } = await deleted();
    await stack.queues.changes([
      { version: 1, repository: CONFIG_REPOSITORY, ref: 'refs/heads/release', cause: 'push' },
    ]);
    await stack.settle();
    await stack.pushConfig(version('two'), 'refs/heads/release');
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'two' });
  });

  it('of the fleet itself leaves the fleet as it is', async () => {
    const stack = await createMemoryStack();
    await stack.push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev'), ...version('one') });
    await stack.settle();
    const commit = (await stack.repository.resolve(MAIN)) ?? '';
    stack.repository.move(MAIN, undefined);
    await stack.poll();
    await stack.settle();
    expect(value(stack)).toEqual({ value: 'one' });
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('failure');
  });
});

describe('a repository that does not answer', () => {
  it('is asked less and less often, and as before once it answers', async () => {
    const stack = await createMemoryStack();
    await stack.push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev'), ...version('one') });
    await stack.settle();
    const { listRefs } = stack.config;
    const asked: number[] = [];
    let poll = 0;
    stack.config.listRefs = () => {
      asked.push(poll);
      return Promise.reject(transient('repository-unreachable', 'down'));
    };
    for (poll = 1; poll <= 32; poll++) await stack.poll();
    expect(asked).toEqual([1, 2, 4, 8, 16, 32]);
    stack.config.listRefs = listRefs;
    for (poll = 33; poll <= 70; poll++) await stack.poll();
    const calls = stack.config.calls.listRefs;
    await stack.poll();
    await stack.poll();
    expect(stack.config.calls.listRefs).toBe(calls + 2);
  });

  it('is asked again when its host said, where it limits requests', async () => {
    const stack = await createMemoryStack();
    await stack.push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev'), ...version('one') });
    await stack.settle();
    let asked = 0;
    stack.config.listRefs = () => {
      asked += 1;
      return Promise.reject(transient('repository-rate-limited', 'slow down', { retryAfterSeconds: 3_600 }));
    };
    for (let poll = 0; poll < 60; poll++) {
      await stack.poll();
      stack.time.now += 60_000;
    }
    expect(asked).toBe(1);
    for (let poll = 0; poll < 7; poll++) {
      await stack.poll();
      stack.time.now += 60_000;
    }
    expect(asked).toBe(2);
  });
});

describe('two refs that both bear on the fleet', () => {
  it('are not compiled at once: the second is tried again, and the newer fleet stays', async () => {
    const stack = await createMemoryStack();
    await stack.push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev'), ...version('one') });
    await stack.settle();
    const row = stack.fleets.rows.get('fleet');
    if (!row) throw new Error('no fleet');
    stack.fleets.rows.set('fleet', { ...row, compiling: { owner: 'another ref', until: stack.time.now + 1_000 } });
    const message = { version: 1 as const, repository: REPOSITORY, ref: MAIN, cause: 'push' as const };
    stack.repository.commit(MAIN, { 'apps/api.yaml': applicationYaml('api', 'web', 'dev') });
    await expect(stack.handlers.changes(message)).rejects.toMatchObject({ code: 'fleet-compiling', kind: 'transient' });
    expect(stack.applications.rows.has('argocd/api')).toBe(false);
    stack.time.now += 1_001;
    await stack.handlers.changes(message);
    await stack.settle();
    expect(stack.applications.rows.has('argocd/api')).toBe(true);
    expect(stack.fleets.rows.get('fleet')).not.toHaveProperty('compiling');
  });
});
