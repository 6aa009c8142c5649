import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import { cascades } from '../../../../src/domain/sync/deletion.ts';
import { application, createWorld, definition, keyOf, object, type Sync, stateOf, sync, writesOf } from './drive.ts';

const RESOURCES = 'resources-finalizer.argocd.argoproj.io';
const PRE = 'pre-delete-finalizer.argocd.argoproj.io';
const POST = 'post-delete-finalizer.argocd.argoproj.io';

const applied = async (objects: KubernetesObject[], finalizers: string[] = [RESOURCES], more = {}) => {
  const world = createWorld({ application: application([], { finalizers }), ...more });
  await sync(world, { objects });
  world.cluster.calls.length = 0;
  return world;
};

const remove = (world: Awaited<ReturnType<typeof applied>>, more: Partial<Sync> = {}) =>
  sync(world, { objects: [], kind: 'delete', ...more });

describe('cascade deletion', () => {
  it('deletes the highest wave first, each before the next', async () => {
    const world = await applied([
      object('ConfigMap', 'one', { 'sync-wave': '1' }),
      object('ConfigMap', 'two', { 'sync-wave': '2' }),
      object('ConfigMap', 'zero'),
      object('Job', 'hook', { hook: 'PreSync' }),
    ]);
    const { operation } = await remove(world);
    expect(operation).toMatchObject({ phase: 'Succeeded', kind: 'delete' });
    expect(writesOf(world).slice(0, 2)).toEqual(['delete ConfigMap/two', 'delete ConfigMap/one']);
    expect(writesOf(world).slice(2).toSorted()).toEqual(['delete ConfigMap/zero', 'delete Job/hook']);
    expect([...world.cluster.objects.keys()]).toEqual(['/Namespace//web']);
    expect(world.inventory).toEqual([]);
  });

  it.each([
    ['Foreground', [RESOURCES]],
    ['Foreground', [`${RESOURCES}/foreground`]],
    ['Background', [`${RESOURCES}/background`]],
  ])('%s with %s', async (propagationPolicy, finalizers) => {
    const world = await applied([object('ConfigMap', 'a')], finalizers);
    await remove(world);
    expect(world.cluster.calls.find(({ verb }) => verb === 'delete')?.options).toMatchObject({ propagationPolicy });
    expect(cascades({ finalizers })).toBe(true);
  });

  it('leaves definitions, Delete=false, what Helm keeps, what the project refuses and what is not ours', async () => {
    const world = await applied(
      [
        definition,
        object('ConfigMap', 'kept', { 'sync-options': 'Delete=false' }),
        object('ConfigMap', 'helm', { 'helm.sh/resource-policy': 'keep' }),
        object('ConfigMap', 'refused'),
        object('ConfigMap', 'theirs'),
        object('ConfigMap', 'gone'),
      ],
      [RESOURCES],
    );
    world.permitted = ({ name }) => (name === 'refused' ? 'refused' : undefined);
    const theirs = world.cluster.objects.get(keyOf('ConfigMap', 'theirs'));
    if (theirs) world.cluster.put({ ...theirs, metadata: { ...theirs.metadata, annotations: {} } });
    const { operation } = await remove(world);
    expect(operation.phase).toBe('Succeeded');
    expect(writesOf(world)).toEqual(['delete ConfigMap/gone']);
  });

  it('waits for a person where an object says Delete=confirm', async () => {
    const world = await applied([
      object('ConfigMap', 'a', { 'sync-options': 'Delete=confirm' }),
      object('ConfigMap', 'b'),
    ]);
    const { operation, isDone } = await remove(world);
    expect(isDone).toBe(false);
    expect(operation.approval).toMatchObject({ reason: 'delete-confirm', count: 1, of: 2 });
    expect(writesOf(world)).toEqual([]);
    expect((await remove(world, { input: { approved: { delete: true } } })).operation.phase).toBe('Succeeded');
  });

  it('runs PreDelete hooks before and PostDelete hooks after, also where nothing cascades', async () => {
    const hooks = [
      object('Job', 'pre', { hook: 'PreDelete', 'hook-delete-policy': 'HookSucceeded' }),
      object('Job', 'post', { hook: 'PostDelete', 'hook-delete-policy': 'HookSucceeded' }),
    ];
    const world = await applied([...hooks, object('ConfigMap', 'a')], [RESOURCES, PRE, POST]);
    expect([...world.cluster.objects.keys()].some((key) => key.includes('Job'))).toBe(false);
    await remove(world, { objects: hooks });
    expect(writesOf(world).filter((write) => !write.startsWith('patch'))).toEqual([
      'apply Job/pre',
      'delete ConfigMap/a',
      'delete Job/pre',
      'apply Job/post',
      'delete Job/post',
    ]);
    const plain = await applied([...hooks, object('ConfigMap', 'a')], []);
    await remove(plain, { objects: hooks });
    expect(writesOf(plain).filter((write) => write.startsWith('apply'))).toEqual(['apply Job/pre', 'apply Job/post']);
    expect(writesOf(plain)).not.toContain('delete ConfigMap/a');
  });

  it('deletes nothing where a PreDelete hook fails', async () => {
    const hooks = [object('Job', 'fails', { hook: 'PreDelete' })];
    const world = await applied([object('ConfigMap', 'a')], [RESOURCES, PRE]);
    const { operation } = await remove(world, { objects: hooks });
    expect(operation).toMatchObject({ phase: 'Failed', message: expect.stringContaining('Job web/fails') });
    expect(writesOf(world).filter((write) => write.startsWith('delete'))).toEqual([]);
  });

  it('ends the same wherever its worker dies', async () => {
    const hooks = [object('Job', 'pre', { hook: 'PreDelete' }), object('Job', 'post', { hook: 'PostDelete' })];
    const start = () =>
      applied([object('ConfigMap', 'one', { 'sync-wave': '1' }), object('ConfigMap', 'zero')], [RESOURCES, PRE, POST]);
    const undisturbed = await start();
    const { steps } = await remove(undisturbed, { objects: hooks });
    for (const step of steps.keys())
      for (const when of ['before', 'after'] as const) {
        const world = await start();
        const { operation } = await remove(world, { objects: hooks, crash: { step, when } });
        expect(operation.phase).toBe('Succeeded');
        expect(stateOf(world)).toEqual(stateOf(undisturbed));
      }
  });
});
