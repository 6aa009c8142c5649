import { describe, expect, it } from 'vitest';
import { permanent, transient } from '../../../../src/domain/errors.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import { resourceResults } from '../../../../src/domain/sync/resource-results.ts';
import { startOperation, supersede, terminate } from '../../../../src/domain/sync/start-operation.ts';
import type { Operation } from '../../../../src/domain/sync/sync-operation.ts';
import { prepareTargets } from '../../../../src/domain/sync/targets.ts';
import { application, createWorld, definition, drive, keyOf, object, sync, type World, writesOf } from './drive.ts';

const job = (name: string, annotations: Record<string, string>) => object('Job', name, annotations);
const A = object('ConfigMap', 'a');
const B = object('ConfigMap', 'b');
const find = (world: World, kind: string, name: string) => world.cluster.objects.get(keyOf(kind, name));

describe('hooks', () => {
  it.each<[string, string, boolean]>([
    ['BeforeHookCreation', 'before', true],
    ['HookSucceeded', 'before', false],
    ['HookFailed', 'before', true],
    ['HookSucceeded', 'fails', true],
    ['HookFailed', 'fails', false],
    ['HookSucceeded,HookFailed', 'fails', false],
  ])('with policy %s: %s is left afterwards: %s', async (policy, name, isLeft) => {
    const world = createWorld();
    await sync(world, { objects: [job(name, { hook: 'PreSync', 'hook-delete-policy': policy }), A] });
    expect(find(world, 'Job', name) !== undefined).toBe(isLeft);
    expect(find(world, 'Job', name)?.metadata.finalizers ?? []).toEqual([]);
  });

  it('run anew in every operation', async () => {
    const world = createWorld();
    const objects = [job('before', { hook: 'PreSync' }), A];
    await sync(world, { objects });
    const first = find(world, 'Job', 'before')?.metadata.uid;
    await sync(world, { objects });
    expect(find(world, 'Job', 'before')?.metadata.uid).not.toBe(first);
  });

  it('without a name get one of the revision, phase and time', async () => {
    const world = createWorld();
    const hook = {
      ...job('x', { hook: 'PostSync' }),
      metadata: { generateName: 'migrate-', annotations: { 'argocd.argoproj.io/hook': 'PostSync' } },
    };
    const { operation } = await sync(world, { objects: [hook, { ...hook }, A] });
    const [name] = [...world.cluster.objects.values()]
      .filter(({ kind }) => kind === 'Job')
      .map(({ metadata }) => metadata.name);
    expect(name).toBe(`migrate-0123456-postsync-${Math.floor(operation.startedAt / 1000)}`);
  });

  it('of Helm are mapped, weights are waves', async () => {
    const world = createWorld();
    const objects = [
      job('b', {
        'helm.sh/hook': 'pre-install',
        'helm.sh/hook-weight': '1',
        'helm.sh/hook-delete-policy': 'hook-succeeded',
      }),
      job('c', { 'helm.sh/hook': 'pre-upgrade', 'helm.sh/hook-weight': '-1' }),
      job('d', { 'helm.sh/hook': 'post-install' }),
      job('e', { 'helm.sh/hook': 'test' }),
      A,
    ];
    await sync(world, { objects });
    expect(writesOf(world).filter((write) => write.startsWith('apply'))).toEqual([
      'apply Job/c',
      'apply Job/b',
      'apply ConfigMap/a',
      'apply Job/d',
    ]);
    expect(find(world, 'Job', 'b')).toBeUndefined();
  });

  it('that somebody deletes while they run fail the operation', async () => {
    const world = createWorld();
    const meddle = (): undefined => {
      const ref = { group: 'batch', kind: 'Job', namespace: 'web', name: 'before' };
      if (writesOf(world).includes('apply Job/before')) world.cluster.drop(ref);
    };
    const { operation } = await sync(world, { objects: [job('before', { hook: 'PreSync' }), A], meddle });
    expect(operation).toMatchObject({ phase: 'Failed', message: 'Job web/before: it was deleted before it ended' });
    expect(find(world, 'ConfigMap', 'a')).toBeUndefined();
  });

  it('never delete an object of another application', async () => {
    const world = createWorld();
    const annotations = {
      'argocd.argoproj.io/hook': 'PreSync',
      'argocd.argoproj.io/tracking-id': 'other:batch/Job:web/before',
    };
    world.cluster.put({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'before', namespace: 'web', annotations },
    });
    const { operation } = await sync(world, { objects: [job('before', { hook: 'PreSync' }), A] });
    expect(operation).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('belongs to application other'),
    });
    expect(writesOf(world)).toEqual([]);
  });
});

describe('health between waves', () => {
  const objects = [object('Deployment', 'web'), object('ConfigMap', 'next', { 'sync-wave': '1' })];

  it('Degraded fails, and names the object', async () => {
    const degraded = { conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }] };
    const world = createWorld({
      outcome: ({ kind }) => (kind === 'Deployment' ? { observedGeneration: 1, ...degraded } : undefined),
    });
    const { operation } = await sync(world, { objects });
    expect(operation.message).toMatch(/^Deployment web\/web: Degraded/);
    expect(find(world, 'ConfigMap', 'next')).toBeUndefined();
  });

  it('is not awaited in the last wave', async () => {
    const world = createWorld({ outcome: () => undefined });
    const { operation, waits } = await sync(world, { objects: [object('Deployment', 'web'), A] });
    expect(operation.phase).toBe('Succeeded');
    expect(waits).toEqual([]);
  });

  it('is looked for more and more slowly, never more than a second apart', async () => {
    const world = createWorld({ outcome: () => undefined });
    const { waits } = await sync(world, { objects, maxSteps: 80 });
    const polls = waits
      .filter(({ reason, seconds }) => reason === 'health' && seconds <= 1)
      .map(({ seconds }) => seconds);
    expect(polls.at(-1)).toBe(1);
    expect(polls).toEqual(polls.toSorted((a, b) => a - b));
  });
});

describe('retries', () => {
  const failing = (world: World, times: number) =>
    world.cluster.failNext('apply', permanent('apply-invalid', 'no'), ({ options }) => !options?.dryRun, times);

  it('come with back-off, up to the limit, and count', async () => {
    const world = createWorld();
    failing(world, 9);
    const { operation, waits } = await sync(world, { objects: [A], options: { retry: { limit: 2 } } });
    expect(operation).toMatchObject({ phase: 'Failed', retryCount: 2 });
    expect(waits.map(({ seconds, reason }) => [seconds, reason])).toEqual([
      [5, 'retry'],
      [10, 'retry'],
    ]);
  });

  it('succeed when the cause is gone, and ask for the newest revision where so said', async () => {
    const world = createWorld();
    failing(world, 1);
    const { operation, waits } = await sync(world, {
      objects: [job('before', { hook: 'PreSync' }), A],
      options: { retry: { limit: -1, refresh: true } },
    });
    expect(operation).toMatchObject({ phase: 'Succeeded', retryCount: 1 });
    expect(waits.find(({ reason }) => reason === 'retry')).toMatchObject({ refresh: true });
  });

  it('are not spent on what no repetition cures', async () => {
    const world = createWorld({ permitted: () => 'not permitted' });
    const { operation } = await sync(world, { objects: [A], options: { retry: { limit: 5 } } });
    expect(operation).toMatchObject({ phase: 'Failed', retryCount: 0 });
  });
});

describe('what holds a sync up', () => {
  it('a cluster that fails is tried again with back-off, then the operation ends in Error', async () => {
    const world = createWorld({
      application: application([], { annotations: { 'towline.dev/progress-deadline': '20s' } }),
    });
    const down = transient('cluster-unreachable', 'no answer');
    world.cluster.failNext('get', down, undefined, 2);
    expect((await sync(world, { objects: [A] })).operation.phase).toBe('Succeeded');
    world.cluster.failNext('apply', down, undefined, 99);
    const { operation, waits } = await sync(world, { objects: [A] });
    expect(operation).toMatchObject({ phase: 'Error', message: 'no answer' });
    expect(waits.every(({ reason }) => reason === 'cluster')).toBe(true);
  });

  it('an object that somebody else changes whenever we write is looked at again at once, then ever later', async () => {
    const world = createWorld({
      application: application([], { annotations: { 'towline.dev/progress-deadline': '60s' } }),
    });
    world.cluster.failNext('apply', transient('precondition-failed', 'the object has changed'), undefined, 999);
    const { operation, waits } = await sync(world, { objects: [A] });
    expect(operation).toMatchObject({ phase: 'Error', message: 'the object has changed' });
    expect(waits.map(({ seconds }) => seconds)).toEqual(waits.map(({ seconds }) => seconds).toSorted((x, y) => x - y));
    expect(waits.at(-1)?.seconds).toBeGreaterThan(10);
    expect(writesOf(world).length).toBeLessThan(15);
  });

  it('a kind that nobody serves is waited for up to the deadline, without retries', async () => {
    const world = createWorld({
      application: application([], { annotations: { 'towline.dev/progress-deadline': '30s' } }),
    });
    const objects = [A, object('Widget', 'w')];
    const { operation, waits } = await sync(world, { objects, options: { retry: { limit: 0 } } });
    expect(operation).toMatchObject({ phase: 'Failed', message: expect.stringContaining('Widget') });
    expect(new Set(waits.map(({ reason }) => reason))).toEqual(new Set(['kind']));
    expect(writesOf(world)).toEqual([]);
    const meddle = (_: unknown, step: number): undefined => {
      if (step === 6) world.cluster.put(definition);
    };
    expect((await sync(world, { objects, meddle })).operation.phase).toBe('Succeeded');
  });

  it('SkipDryRunOnMissingResource applies the rest meanwhile', async () => {
    const world = createWorld({
      application: application([], { annotations: { 'towline.dev/progress-deadline': '5s' } }),
    });
    const objects = [A, B, object('Widget', 'w', { 'sync-options': 'SkipDryRunOnMissingResource=true' })];
    const { operation } = await sync(world, { objects });
    expect(operation.phase).toBe('Failed');
    expect(find(world, 'ConfigMap', 'a')).toBeDefined();
  });

  it('an object that changes while it is pruned is judged again', async () => {
    const world = createWorld();
    await sync(world, { objects: [A, B] });
    const meddle = (_: unknown, step: number): undefined => {
      const live = find(world, 'ConfigMap', 'b');
      if (live && step === 1) world.cluster.put({ ...live, data: { touched: 'yes' } });
    };
    const { operation } = await sync(world, { objects: [A], meddle });
    expect(operation.phase).toBe('Succeeded');
    expect(find(world, 'ConfigMap', 'b')).toBeUndefined();
  });

  it('a refused read fails its object', async () => {
    const world = createWorld();
    world.cluster.failNext(
      'get',
      permanent('cluster-denied', 'needed: get jobs'),
      ({ ref }) => ref?.kind === 'Job',
      99,
    );
    const { operation } = await sync(world, { objects: [job('before', { hook: 'PreSync' }), A] });
    expect(operation).toMatchObject({ phase: 'Failed', message: expect.stringContaining('needed: get jobs') });
  });
});

describe('a wave that fails', () => {
  it('lets its running hooks come to their end, then tells of the failure and cleans up', async () => {
    const outcome: World['outcome'] = ({ metadata }, age) => {
      const type = metadata.name === 'broken' ? 'Failed' : 'Complete';
      return age >= (metadata.name === 'migration' ? 30 : 1) ? { conditions: [{ type, status: 'True' }] } : undefined;
    };
    const world = createWorld({ outcome });
    const objects = [
      job('broken', { hook: 'PreSync' }),
      job('migration', { hook: 'PreSync', 'hook-delete-policy': 'HookFailed' }),
      job('alarm', { hook: 'SyncFail' }),
      A,
    ];
    const alarmed: number[] = [];
    const meddle = () => {
      if (find(world, 'Job', 'alarm')) alarmed.push(world.now());
      return undefined;
    };
    const { operation } = await sync(world, { objects, meddle });
    expect(operation).toMatchObject({ phase: 'Failed', message: expect.stringContaining('Job web/broken') });
    expect((alarmed[0] ?? 0) - operation.startedAt).toBeGreaterThan(30_000);
    // Its policy has it deleted where the operation failed, but not before it ended.
    expect(find(world, 'Job', 'migration')).toBeUndefined();
    expect(find(world, 'ConfigMap', 'a')).toBeUndefined();
  });

  it('does not wait for resources, which may never be healthy', async () => {
    const outcome: World['outcome'] = ({ kind }) =>
      kind === 'Deployment' ? { observedGeneration: 1, replicas: 0, updatedReplicas: 0 } : undefined;
    const world = createWorld({ outcome });
    world.cluster.failNext('apply', permanent('apply-invalid', 'no'), ({ ref }) => ref?.kind === 'Job', 99);
    const objects = [object('Deployment', 'web'), object('Job', 'j'), object('ConfigMap', 'z', { 'sync-wave': '1' })];
    const { operation } = await sync(world, { objects });
    expect(operation).toMatchObject({ phase: 'Failed' });
    expect(find(world, 'ConfigMap', 'z')).toBeUndefined();
  });
});

describe('a resource that becomes a hook', () => {
  it('is made anew as one', async () => {
    const world = createWorld();
    await sync(world, { objects: [job('migrate', {}), A] });
    const before = find(world, 'Job', 'migrate')?.metadata.uid;
    const { operation } = await sync(world, { objects: [job('migrate', { hook: 'PreSync' }), A] });
    expect(operation.phase).toBe('Succeeded');
    expect(before).toBeDefined();
    expect(find(world, 'Job', 'migrate')?.metadata.uid).not.toBe(before);
  });
});

describe('ending early', () => {
  const objects = [job('slow', { hook: 'PreSync' }), A];
  const never = () => undefined;
  const DONE = { conditions: [{ type: 'Complete', status: 'True' }] };

  it('terminates: the running hook is deleted, nothing more is applied', async () => {
    const world = createWorld({ outcome: never });
    const { operation } = await sync(world, {
      objects,
      meddle: (one, step) => (step === 6 ? terminate(one) : undefined),
    });
    expect(operation).toMatchObject({ phase: 'Failed', message: 'operation terminated' });
    expect(find(world, 'Job', 'slow')).toBeUndefined();
    expect(find(world, 'ConfigMap', 'a')).toBeUndefined();
  });

  it('terminates: a hook that has ended stays, whatever its policy says of failures', async () => {
    const world = createWorld({ outcome: ({ metadata }) => (metadata.name === 'slow' ? undefined : DONE) });
    const hooks = [
      job('first', { hook: 'PreSync', 'sync-wave': '-1', 'hook-delete-policy': 'HookFailed' }),
      job('slow', { hook: 'PreSync' }),
    ];
    const meddle = (one: Operation) => (find(world, 'Job', 'slow') ? terminate(one) : undefined);
    const { operation } = await sync(world, { objects: [...hooks, A], meddle });
    expect(operation).toMatchObject({ phase: 'Failed', message: 'operation terminated' });
    expect(find(world, 'Job', 'slow')).toBeUndefined();
    expect(find(world, 'Job', 'first')?.metadata.finalizers ?? []).toEqual([]);
    expect(find(world, 'Job', 'first')).toBeDefined();
  });

  it('gives way to a newer revision while it waits for health or a retry, not in the middle of a wave', async () => {
    const world = createWorld({ outcome: never });
    const waves = [object('Deployment', 'd'), object('ConfigMap', 'z', { 'sync-wave': '1' })];
    let refused = 0;
    const { operation } = await sync(world, {
      objects: waves,
      meddle: (one) => {
        const next = one.syncPhase === undefined ? undefined : supersede(one, world.now());
        if (one.syncPhase !== undefined && !next) refused++;
        return next;
      },
    });
    expect(refused).toBeGreaterThan(0);
    expect(operation).toMatchObject({ phase: 'Failed', superseded: true, message: 'superseded by a newer revision' });
    expect(find(world, 'Deployment', 'd')).toBeDefined();
    expect(find(world, 'ConfigMap', 'z')).toBeUndefined();
  });

  it('lets a hook ten minutes before a newer revision ends it', async () => {
    const world = createWorld({ outcome: never });
    const { operation } = await sync(world, {
      objects,
      maxSteps: 3000,
      meddle: (one) => (supersede(one, world.now()) && one.stage !== 'start' ? supersede(one, world.now()) : undefined),
    });
    expect(operation).toMatchObject({ superseded: true });
    expect(world.now() - operation.startedAt).toBeGreaterThan(600_000);
    expect(find(world, 'Job', 'slow')).toBeUndefined();
  });

  it('leaves an ended operation alone', async () => {
    const world = createWorld();
    const { operation } = await sync(world, { objects: [A] });
    expect(terminate(operation)).toBe(operation);
    expect(supersede(operation, world.now())).toBeUndefined();
  });
});

describe('the stored operation', () => {
  it('stays small for 5,000 objects, and tells what became of each', async () => {
    const world = createWorld();
    const objects = Array.from(
      { length: 5000 },
      (_, index): KubernetesObject => object('ConfigMap', `configuration-number-${index}`),
    );
    const { targets } = prepareTargets({ ...world, apiResources: world.cluster.types, objects });
    const started = startOperation({
      id: 'x',
      generation: 1,
      now: world.now(),
      revisions: ['a'],
      targets,
      targetsDigest: 'd',
      options: {},
    });
    world.cluster.failNext(
      'apply',
      permanent('apply-invalid', 'x'.repeat(2000)),
      ({ options }) => !options?.dryRun,
      3000,
    );
    const { operation } = await drive(world, { objects }, targets, started);
    expect(JSON.stringify(operation).length).toBeLessThan(100_000);
    const results = resourceResults(operation, targets);
    expect(results).toHaveLength(5000);
    expect(results.filter(({ status }) => status === 'SyncFailed')).toHaveLength(3000);
    expect(operation.message).toMatch(/\(and 2999 more\)$/);
  });

  it('shows hooks with their phase', async () => {
    const world = createWorld();
    const objects = [job('before', { hook: 'PreSync' }), A, job('fails', { hook: 'PostSync' })];
    const { operation } = await sync(world, { objects });
    const { targets } = prepareTargets({ ...world, apiResources: world.cluster.types, objects });
    expect(resourceResults(operation, targets)).toMatchObject([
      { syncPhase: 'PreSync', hookPhase: 'Succeeded', status: 'Synced' },
      { syncPhase: 'Sync', status: 'Synced' },
      { syncPhase: 'PostSync', hookPhase: 'Failed', message: expect.stringMatching(/^Degraded/) },
    ]);
  });
});
