import { describe, expect, it } from 'vitest';
import { application, createWorld, definition, keyOf, object, sync, writesOf } from './drive.ts';

describe('a plain sync', () => {
  it('reads and applies one new object: two requests, then one', async () => {
    const world = createWorld();
    const { operation } = await sync(world, { objects: [object('ConfigMap', 'a')] });
    expect(operation).toMatchObject({ phase: 'Succeeded', stage: 'ended' });
    const verbs = () => world.cluster.calls.map(({ verb }) => verb).filter((verb) => verb !== 'discover');
    expect(verbs()).toEqual(['get', 'apply']);
    world.cluster.calls.length = 0;
    await sync(world, { objects: [object('ConfigMap', 'a', {}, { data: { x: '1' } })] });
    expect(verbs()).toEqual(['apply']);
  });

  it('dry-runs and looks at once, then applies kind by kind', async () => {
    const world = createWorld();
    const objects = [
      object('Deployment', 'd'),
      object('Service', 's'),
      object('ConfigMap', 'b'),
      object('ConfigMap', 'a'),
    ];
    const { steps } = await sync(world, { objects });
    expect(writesOf(world)).toEqual([
      'apply ConfigMap/a',
      'apply ConfigMap/b',
      'apply Service/s',
      'apply Deployment/d',
    ]);
    expect(steps.map(({ actions }) => actions.length)).toEqual([8, 2, 1, 1, 0]);
  });

  it('applies nothing where one object is refused', async () => {
    const world = createWorld({ permitted: (ref) => (ref.name === 'bad' ? 'not permitted: bad' : undefined) });
    const { operation } = await sync(world, { objects: [object('ConfigMap', 'a'), object('ConfigMap', 'bad')] });
    expect(operation).toMatchObject({ phase: 'Failed', message: 'not permitted: bad' });
    expect(writesOf(world)).toEqual([]);
  });
});

describe('phases and waves', () => {
  const objects = [
    object('Job', 'before', { hook: 'PreSync' }),
    object('ConfigMap', 'early', { 'sync-wave': '-1' }),
    definition,
    object('Widget', 'w'),
    object('Deployment', 'web', { 'sync-wave': '1' }),
    object('ConfigMap', 'late', { 'sync-wave': '3' }),
    object('Job', 'after', { hook: 'PostSync', 'hook-delete-policy': 'HookSucceeded' }),
    object('Job', 'on-failure', { hook: 'SyncFail' }),
  ];

  it('runs hooks, waves, a definition before its objects, and cleans up', async () => {
    const world = createWorld();
    const { operation, waits } = await sync(world, { objects });
    expect(operation).toMatchObject({ phase: 'Succeeded', message: 'successfully synced' });
    expect(writesOf(world)).toEqual([
      'apply Job/before',
      'apply ConfigMap/early',
      'apply CustomResourceDefinition/widgets.example.com',
      'apply Widget/w',
      'apply Deployment/web',
      'apply ConfigMap/late',
      'apply Job/after',
      'patch Job/before',
      'patch Job/after',
      'delete Job/after',
    ]);
    expect(new Set(waits.map(({ reason }) => reason))).toEqual(new Set(['hook', 'wave-delay', 'health']));
    expect(world.cluster.objects.get(keyOf('Job', 'after'))).toBeUndefined();
    expect(world.cluster.objects.get(keyOf('Job', 'before'))?.metadata.finalizers ?? []).toEqual([]);
  });

  it('keeps two seconds between waves', async () => {
    const world = createWorld();
    const times: number[] = [];
    const apply = world.cluster.apply;
    world.cluster.apply = (one, options) => {
      if (!options.dryRun) times.push(world.now());
      return apply(one, options);
    };
    await sync(world, { objects: [object('ConfigMap', 'a'), object('ConfigMap', 'b', { 'sync-wave': '1' })] });
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(2000);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeLessThan(2100);
  });

  it('fails with a failed hook, runs the SyncFail hooks and nothing after', async () => {
    const world = createWorld();
    const { operation } = await sync(world, {
      objects: [
        object('Job', 'fails', { hook: 'PreSync', 'hook-delete-policy': 'HookFailed' }),
        object('ConfigMap', 'a'),
        object('Job', 'on-failure', { hook: 'SyncFail' }),
      ],
    });
    expect(operation.phase).toBe('Failed');
    expect(operation.message).toMatch(/^Job web\/fails: Degraded/);
    expect(writesOf(world)).toEqual([
      'apply Job/fails',
      'apply Job/on-failure',
      'patch Job/fails',
      'patch Job/on-failure',
      'delete Job/fails',
    ]);
  });

  it('makes the namespace first, and not again', async () => {
    const world = createWorld({ application: application(['CreateNamespace=true']) }, []);
    await sync(world, { objects: [object('ConfigMap', 'a'), object('ConfigMap', 'b')] });
    expect(writesOf(world)).toEqual(['apply Namespace/web', 'apply ConfigMap/a', 'apply ConfigMap/b']);
    world.cluster.calls.length = 0;
    await sync(world, { objects: [object('ConfigMap', 'a')], options: { prune: false } });
    expect(world.cluster.calls.filter(({ ref }) => ref?.kind === 'Namespace')).toEqual([]);
  });
});
