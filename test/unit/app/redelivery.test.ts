import { beforeEach, describe, expect, it } from 'vitest';
import { acceptDelivery } from '../../../src/app/accept-delivery.ts';
import { permanent, transient } from '../../../src/domain/errors.ts';
import { applicationYaml, configMapYaml, createMemoryStack, MAIN, REPOSITORY } from '../../fakes/memory-stack.ts';

let stack: Awaited<ReturnType<typeof createMemoryStack>>;

const FILES = {
  'apps/web.yaml': applicationYaml('web', 'web', 'dev'),
  'apps/api.yaml': applicationYaml('api', 'api', 'prod'),
  'web/config.yaml': configMapYaml('web', 'one'),
  'api/config.yaml': configMapYaml('api', 'one'),
};

/** What a forge does with one delivery, as often as it likes. */
const deliver = async (commit: string): Promise<string> => {
  const { body } = await acceptDelivery({ ...stack, enqueue: (message) => stack.queues.changes([message]) })({
    forge: 'github',
    headers: { 'x-github-delivery': commit },
    repository: REPOSITORY,
    change: { ref: MAIN, after: commit, commit, created: false, deleted: false, forced: false },
  });
  return 'status' in body ? body.status : body.error;
};

const valueOf = (cluster: 'dev' | 'prod', name: string): unknown => {
  const object = stack.clusters[cluster].objects.get(`/ConfigMap/${name}/${name}`);
  return object && 'data' in object ? object['data'] : undefined;
};

const stateOf = (commit: string) => [...stack.rollouts.rows.values()].find((one) => one.commit === commit);

/** Everything that was ever written or sent. */
const trace = () => [stack.rollouts.rows.size, stack.statuses.length, stack.events.seen.length, stack.chat.length];

beforeEach(async () => {
  stack = await createMemoryStack();
});

describe('a delivery that comes again', () => {
  it('does nothing where its work is finished', async () => {
    const commit = stack.repository.commit(MAIN, FILES);
    expect(await deliver(commit)).toBe('accepted');
    await stack.settle();
    const before = trace();
    expect(await deliver(commit)).toBe('duplicate');
    await stack.settle();
    expect(trace()).toEqual(before);
  });

  it('tries again what failed of a sync, and that alone', async () => {
    let failing = true;
    const error = permanent('apply-invalid', 'no, not today');
    stack.clusters.dev.failNext('apply', error, ({ object }) => failing && object?.kind === 'ConfigMap', 1_000);
    const commit = stack.repository.commit(MAIN, FILES);
    await deliver(commit);
    await stack.settle();
    expect(stateOf(commit)).toMatchObject({ state: 'failure', attempt: 1 });
    expect(await deliver(commit)).toBe('accepted');
    await stack.settle();
    expect(stateOf(commit)).toMatchObject({ state: 'failure', attempt: 2 });
    failing = false;
    const { generation } = stack.applications.rows.get('argocd/api')?.desired ?? {};
    expect(await deliver(commit)).toBe('accepted');
    await stack.settle();
    expect(stateOf(commit)).toMatchObject({ state: 'success', attempt: 3 });
    expect(valueOf('dev', 'web')).toEqual({ value: 'one' });
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('success');
    expect(stack.applications.rows.get('argocd/api')?.desired?.generation).toBe(generation);
    const before = trace();
    expect(await deliver(commit)).toBe('duplicate');
    await stack.settle();
    expect(trace()).toEqual(before);
  });

  it('tries again what could not be rendered', async () => {
    const commit = stack.repository.commit(MAIN, {
      ...FILES,
      'web/config.yaml': 'apiVersion: v1\nkind: [\nmetadata: {}\n',
    });
    await deliver(commit);
    await stack.settle();
    expect(stateOf(commit)?.state).toBe('failure');
    const renders = () => stack.events.seen.filter(({ event }) => event === 'render').length;
    const before = renders();
    expect(await deliver(commit)).toBe('accepted');
    await stack.settle();
    expect(stateOf(commit)).toMatchObject({ state: 'failure', attempt: 2 });
    expect(renders()).toBe(before + 1);
  });

  it('tries again what could not be planned', async () => {
    const commit = stack.repository.commit(MAIN, FILES);
    const { listTree } = stack.repository;
    stack.repository.listTree = () => Promise.reject(permanent('repository-denied', 'the token has expired'));
    await deliver(commit);
    await expect(stack.settle()).rejects.toMatchObject({ code: 'repository-denied' });
    stack.repository.listTree = listTree;
    expect(await deliver(commit)).toBe('accepted');
    await stack.settle();
    expect(stateOf(commit)?.state).toBe('success');
  });

  it('is left to the schedule where its message is a dead letter: that repeats it by itself', async () => {
    const commit = stack.repository.commit(MAIN, FILES);
    const { listTree } = stack.repository;
    stack.repository.listTree = () => Promise.reject(transient('repository-unreachable', 'down'));
    await deliver(commit);
    await expect(stack.settle()).rejects.toMatchObject({ code: 'repository-unreachable' });
    stack.repository.listTree = listTree;
    expect(await deliver(commit)).toBe('duplicate');
    stack.time.now += 61_000;
    await stack.sweep();
    await stack.settle();
    expect(stateOf(commit)?.state).toBe('success');
  });

  it('does nothing where a newer commit has taken over', async () => {
    const error = permanent('apply-invalid', 'no');
    let failing = true;
    stack.clusters.dev.failNext('apply', error, ({ object }) => failing && object?.kind === 'ConfigMap', 1_000);
    const commit = stack.repository.commit(MAIN, FILES);
    await deliver(commit);
    await stack.settle();
    failing = false;
    await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    const attempts = stateOf(commit)?.attempt;
    await deliver(commit);
    await stack.settle();
    expect(valueOf('dev', 'web')).toEqual({ value: 'two' });
    expect(stateOf(commit)?.attempt).toBe(attempts);
  });
});
