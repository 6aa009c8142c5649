import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import { resourceResults } from '../../../../src/domain/sync/resource-results.ts';
import { prepareTargets } from '../../../../src/domain/sync/targets.ts';
import { application, createWorld, keyOf, object, stateOf, sync, writesOf } from './drive.ts';

const maps = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => object('ConfigMap', `c${from + index}`));
const KEPT = object('ConfigMap', 'kept');

const applied = async (objects: KubernetesObject[], more = {}) => {
  const world = createWorld(more);
  await sync(world, { objects });
  world.cluster.calls.length = 0;
  return world;
};

describe('pruning', () => {
  it('deletes what is no longer rendered, with preconditions, and waits until it is gone', async () => {
    const world = await applied([KEPT, object('ConfigMap', 'gone')]);
    const live = world.cluster.objects.get(keyOf('ConfigMap', 'gone'));
    const { operation } = await sync(world, { objects: [KEPT] });
    const deletion = world.cluster.calls.find(({ verb }) => verb === 'delete');
    expect(deletion?.options).toMatchObject({
      uid: live?.metadata.uid,
      resourceVersion: live?.metadata.resourceVersion,
      propagationPolicy: 'Foreground',
    });
    expect(writesOf(world)).toEqual(['delete ConfigMap/gone', 'apply ConfigMap/kept']);
    expect(operation).toMatchObject({ phase: 'Succeeded' });
    expect(world.inventory.map(({ ref }) => ref.name)).toEqual(['kept']);
  });

  it.each([
    ['prune is off', object('ConfigMap', 'gone'), {}, { prune: false }, 'ignored (requires pruning)'],
    [
      'Prune=false on the object',
      object('ConfigMap', 'gone', { 'sync-options': 'Prune=false' }),
      {},
      {},
      'ignored (no prune)',
    ],
    ['helm keeps it', object('ConfigMap', 'gone', { 'helm.sh/resource-policy': 'keep' }), {}, {}, 'ignored (no prune)'],
    [
      'Prune=false for all',
      object('ConfigMap', 'gone'),
      { application: application(['Prune=false']) },
      {},
      'ignored (no prune)',
    ],
    [
      'the project refuses',
      object('ConfigMap', 'gone'),
      { permitted: ({ name }: { name: string }) => (name === 'gone' ? 'no' : undefined) },
      {},
      'no',
    ],
  ])('skips where %s', async (_, gone, more, options, message) => {
    const world = await applied([KEPT, gone]);
    Object.assign(world, more);
    const { operation } = await sync(world, { objects: [KEPT], options });
    expect(writesOf(world)).toEqual(['apply ConfigMap/kept']);
    expect(operation.phase).toBe('Succeeded');
    expect(resourceResults(operation, []).find(({ status }) => status === 'PruneSkipped')?.message).toBe(message);
    expect(world.inventory.map(({ ref }) => ref.name)).toContain('gone');
  });

  it('lets the object’s Prune=true win over the application’s Prune=false', async () => {
    const world = await applied([KEPT, object('ConfigMap', 'gone', { 'sync-options': 'Prune=true' })]);
    world.application = application(['Prune=false']);
    await sync(world, { objects: [KEPT] });
    expect(writesOf(world)).toContain('delete ConfigMap/gone');
  });

  it.each([
    [
      'another application’s',
      (one: KubernetesObject) => ({
        ...one.metadata,
        annotations: { 'argocd.argoproj.io/tracking-id': 'other:/ConfigMap:web/gone' },
      }),
    ],
    ['nobody’s any more', (one: KubernetesObject) => ({ ...one.metadata, annotations: {} })],
    ['a new object of the same name', (one: KubernetesObject) => ({ ...one.metadata, uid: 'another' })],
  ])('forgets an object that is %s', async (_, change) => {
    const world = await applied([KEPT, object('ConfigMap', 'gone')]);
    const live = world.cluster.objects.get(keyOf('ConfigMap', 'gone'));
    if (!live) throw new Error('not applied');
    world.cluster.drop({ group: '', kind: 'ConfigMap', namespace: 'web', name: 'gone' });
    world.cluster.put({ ...live, metadata: change(live) });
    await sync(world, { objects: [KEPT] });
    expect(writesOf(world)).toEqual(['apply ConfigMap/kept']);
    expect(world.inventory.map(({ ref }) => ref.name)).toEqual(['kept']);
  });

  it.each([
    [10, 11, true],
    [11, 12, false],
    [20, 100, true],
    [21, 100, false],
  ])('%i of %i objects: pruned without a word: %s', async (gone, all, isPruned) => {
    const world = await applied(maps(all));
    const first = await sync(world, { objects: maps(all - gone, gone) });
    expect(first.operation.phase).toBe('Succeeded');
    expect(first.operation.approval).toEqual(
      isPruned ? undefined : { reason: 'mass-prune', count: gone, of: all, sample: expect.any(Array) },
    );
    expect(world.cluster.objects.size).toBe(1 + (isPruned ? all - gone : all));
    if (isPruned) return;
    await sync(world, { objects: maps(all - gone, gone), input: { approved: { prune: true } } });
    expect(world.cluster.objects.size).toBe(1 + all - gone);
  });

  it('prunes nothing on an empty render, but with allowEmpty', async () => {
    const world = await applied(maps(3));
    const { operation } = await sync(world, { objects: [] });
    expect(operation).toMatchObject({ phase: 'Failed', message: expect.stringContaining('allowEmpty') });
    expect(world.cluster.calls.filter(({ verb }) => verb !== 'discover')).toEqual([]);
    await sync(world, { objects: [], options: { allowEmpty: true } });
    expect(world.cluster.objects.size).toBe(1);
  });

  it('prunes nothing after a failed apply', async () => {
    const world = await applied([object('ConfigMap', 'gone', { 'sync-wave': '1' }), KEPT]);
    const { operation } = await sync(world, {
      objects: [KEPT, object('Job', 'fails', { hook: 'PreSync' })],
    });
    expect(operation.phase).toBe('Failed');
    expect(writesOf(world).filter((write) => write.startsWith('delete'))).toEqual([]);
  });

  it('waits for a person where an object says Prune=confirm', async () => {
    const objects = [KEPT, object('ConfigMap', 'gone', { 'sync-options': 'Prune=confirm' })];
    const world = await applied(objects);
    const { operation, isDone, waits } = await sync(world, { objects: [KEPT] });
    expect(isDone).toBe(false);
    expect(waits.at(-1)?.reason).toBe('approval');
    expect(operation.approval).toMatchObject({ reason: 'prune-confirm', count: 1 });
    expect(writesOf(world)).toEqual([]);
    const done = await sync(world, { objects: [KEPT], input: { approved: { prune: true } } });
    expect(done.operation).toMatchObject({ phase: 'Succeeded' });
    expect(done.operation.approval).toBeUndefined();
    expect(writesOf(world)).toContain('delete ConfigMap/gone');
  });

  it('takes Argo CD’s deletion-approved annotation for a confirmation, if it is newer than the operation', async () => {
    const objects = [KEPT, object('ConfigMap', 'gone', { 'sync-options': 'Prune=confirm' })];
    for (const [seconds, isPruned] of [
      [-60, false],
      [0, true],
    ] as const) {
      const world = await applied(objects);
      const approved = new Date(world.now() + seconds * 1000).toISOString();
      world.application = application([], { annotations: { 'argocd.argoproj.io/deletion-approved': approved } });
      expect((await sync(world, { objects: [KEPT] })).isDone).toBe(isPruned);
    }
  });

  it('prunes last waves first, PruneLast after everything', async () => {
    const world = await applied([
      object('ConfigMap', 'one', { 'sync-wave': '1' }),
      object('ConfigMap', 'two', { 'sync-wave': '2' }),
      object('ConfigMap', 'last', { 'sync-wave': '2', 'sync-options': 'PruneLast=true' }),
    ]);
    await sync(world, { objects: [KEPT, object('ConfigMap', 'new', { 'sync-wave': '5' })] });
    const writes = writesOf(world);
    expect(writes).toEqual([
      'apply ConfigMap/kept',
      'delete ConfigMap/two',
      'delete ConfigMap/one',
      'apply ConfigMap/new',
      'delete ConfigMap/last',
    ]);
  });

  it('does not delete an object that moved to another API group', async () => {
    const world = await applied([KEPT, object('Deployment', 'web')]);
    const live = world.cluster.objects.get('apps/Deployment/web/web');
    const ref = { group: 'extensions', version: 'v1beta1', kind: 'Deployment', namespace: 'web', name: 'web' };
    world.cluster.addType({ ...ref, resource: 'deployments', namespaced: true, verbs: [] });
    const annotations = { 'argocd.argoproj.io/tracking-id': 'web:extensions/Deployment:web/web' };
    world.cluster.put({
      apiVersion: 'extensions/v1beta1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'web', annotations, uid: live?.metadata.uid ?? '' },
    });
    world.inventory = [...world.inventory, { ref, uid: live?.metadata.uid ?? '' }];
    await sync(world, { objects: [KEPT, object('Deployment', 'web')] });
    expect(writesOf(world).filter((write) => write.startsWith('delete'))).toEqual([]);
    expect(world.inventory.map(({ ref: { group } }) => group)).not.toContain('extensions');
  });
});

describe('prune safety', () => {
  const ownership = fc.constantFrom('ours', 'theirs', 'nobody', 'copied');
  const scenario = fc.record({
    live: fc.array(
      fc.record({ owner: ownership, known: fc.boolean(), permitted: fc.boolean(), sameUid: fc.boolean() }),
      {
        maxLength: 12,
      },
    ),
    rendered: fc.array(fc.nat({ max: 14 }), { maxLength: 6 }),
    prune: fc.boolean(),
    approved: fc.boolean(),
    crash: fc.nat({ max: 6 }),
  });

  it('deletes nothing outside of inventory ∩ tracking id ∩ permitted − rendered', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ live, rendered, prune, approved, crash }) => {
        const nameOf = (index: number) => `c${index}`;
        const refused = new Set(live.flatMap(({ permitted }, index) => (permitted ? [] : [nameOf(index)])));
        const world = createWorld({ permitted: ({ name }) => (refused.has(name) ? 'refused' : undefined) });
        for (const [index, { owner, known, sameUid }] of live.entries()) {
          const name = nameOf(index);
          const ids = {
            ours: `web:/ConfigMap:web/${name}`,
            theirs: `other:/ConfigMap:web/${name}`,
            copied: 'web:/ConfigMap:web/x',
            nobody: '',
          };
          const annotations: Record<string, string> = { 'argocd.argoproj.io/tracking-id': ids[owner] };
          const put = world.cluster.put({
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name, namespace: 'web', annotations },
          });
          const ref = { group: '', version: 'v1', kind: 'ConfigMap', namespace: 'web', name };
          if (known) world.inventory.push({ ref, uid: sameUid ? (put.metadata.uid ?? '') : 'other' });
        }
        const objects = [...new Set(rendered)].map((index) => object('ConfigMap', nameOf(index)));
        await sync(world, {
          objects,
          options: { prune, allowEmpty: true },
          input: { approved: { prune: approved } },
          crash: { step: crash, when: 'after' },
        });
        const deleted = world.cluster.calls.flatMap(({ verb, ref }) => (verb === 'delete' && ref ? [ref.name] : []));
        const allowed = live.flatMap(({ owner, known, permitted, sameUid }, index) =>
          prune && owner === 'ours' && known && permitted && sameUid && !rendered.includes(index)
            ? [nameOf(index)]
            : [],
        );
        for (const name of deleted) expect(allowed).toContain(name);
      }),
      { numRuns: 300 },
    );
  });

  it('names a cluster-scoped object with the destination namespace, and knows it without', async () => {
    const world = createWorld();
    const { targets } = prepareTargets({
      ...world,
      apiResources: world.cluster.types,
      objects: [object('ClusterRole', 'r')],
    });
    const id = 'web:rbac.authorization.k8s.io/ClusterRole:web/r';
    expect(targets[0]?.object.metadata.annotations).toEqual({ 'argocd.argoproj.io/tracking-id': id });
    await sync(world, { objects: [KEPT, object('ClusterRole', 'r')] });
    await sync(world, { objects: [KEPT] });
    expect(Object.keys(stateOf(world))).not.toContain('rbac.authorization.k8s.io/ClusterRole//r');
  });
});
