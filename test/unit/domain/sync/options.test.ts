import { describe, expect, it } from 'vitest';
import { permanent } from '../../../../src/domain/errors.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import { application, createWorld, keyOf, object, type Sync, sync, type World, writesOf } from './drive.ts';

const config = (value: string, annotations = {}) => object('ConfigMap', 'a', annotations, { data: { value } });
const liveConfig = (
  more: Partial<KubernetesObject['metadata']> = {},
  data: Record<string, string> = { value: 'old' },
) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'web', ...more },
  data,
});
const NAMESPACE = object('Namespace', 'web');
const find = (world: World, kind: string, name: string) => world.cluster.objects.get(keyOf(kind, name));

const run = async (world: World, syncing: Sync) => {
  world.cluster.calls.length = 0;
  const outcome = await sync(world, syncing);
  return { ...outcome, writes: writesOf(world) };
};

describe('objects of others', () => {
  const theirs = { annotations: { 'argocd.argoproj.io/tracking-id': 'other:/ConfigMap:web/a' } };

  it.each([
    ['never taken', [], {}, 'Failed'],
    ['taken with adopt', [], { adopt: true }, 'Succeeded'],
    ['not even with adopt under FailOnSharedResource', ['FailOnSharedResource=true'], { adopt: true }, 'Failed'],
  ])('are %s', async (_, options, more, phase) => {
    const world = createWorld({ application: application(options) }, [NAMESPACE, liveConfig(theirs)]);
    const { operation, writes } = await run(world, {
      objects: [config('new'), object('ConfigMap', 'b')],
      options: more,
    });
    expect(operation.phase).toBe(phase);
    expect(writes.length > 0).toBe(phase === 'Succeeded');
    if (phase === 'Failed')
      expect(operation.message).toMatch(/^ConfigMap web\/a belongs to application other: .*spec\.adopt/);
  });

  it('are told by installation, and not by an id that was copied', async () => {
    const settings = { trackingMethod: 'annotation' as const, instanceLabelKey: 'x', installationID: 'one' };
    const annotations = {
      'argocd.argoproj.io/tracking-id': 'web:/ConfigMap:web/a',
      'argocd.argoproj.io/installation-id': 'two',
    };
    const foreign = createWorld({ settings }, [NAMESPACE, liveConfig({ annotations })]);
    expect((await run(foreign, { objects: [config('new')] })).operation.phase).toBe('Failed');
    const copied = { annotations: { 'argocd.argoproj.io/tracking-id': 'other:/ConfigMap:web/elsewhere' } };
    const nobodys = createWorld({}, [NAMESPACE, liveConfig(copied)]);
    expect((await run(nobodys, { objects: [config('new')] })).operation.phase).toBe('Succeeded');
  });
});

describe('CreateNamespace', () => {
  const labelled = application(['CreateNamespace=true'], {
    syncPolicy: { syncOptions: ['CreateNamespace=true'], managedNamespaceMetadata: { labels: { team: 'a' } } },
  });

  it('gives a namespace its metadata once', async () => {
    const world = createWorld({ application: labelled });
    expect((await run(world, { objects: [config('1')] })).writes).toEqual(['apply Namespace/web', 'apply ConfigMap/a']);
    expect(world.cluster.objects.get('/Namespace//web')?.metadata.labels).toEqual({ team: 'a' });
    expect((await run(world, { objects: [config('2')] })).writes).toEqual(['apply ConfigMap/a']);
    expect(world.inventory.map(({ ref }) => ref.kind)).toEqual(['ConfigMap']);
  });

  it('leaves a namespace of another application alone', async () => {
    const annotations = { 'argocd.argoproj.io/tracking-id': 'other:/Namespace:web/web' };
    const world = createWorld({ application: labelled }, [{ ...NAMESPACE, metadata: { name: 'web', annotations } }]);
    expect((await run(world, { objects: [config('1')] })).operation).toMatchObject({ phase: 'Failed' });
  });

  it('makes a namespace again that somebody deleted', async () => {
    const world = createWorld({ application: application(['CreateNamespace=true']) }, []);
    await run(world, { objects: [config('1'), object('ConfigMap', 'b')] });
    world.cluster.drop({ group: '', kind: 'Namespace', name: 'web' });
    for (const name of ['a', 'b']) world.cluster.drop({ group: '', kind: 'ConfigMap', namespace: 'web', name });
    const { operation, writes } = await run(world, { objects: [config('1'), object('ConfigMap', 'b')] });
    expect(operation.phase).toBe('Succeeded');
    expect(writes).toContain('apply Namespace/web');
    expect(find(world, 'ConfigMap', 'b')).toBeDefined();
  });

  it('says what is missing without the option', async () => {
    const world = createWorld({}, []);
    const { operation } = await run(world, { objects: [config('1')] });
    expect(operation).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('namespace web does not exist'),
    });
  });
});

describe('Replace and Force', () => {
  const immutable = permanent('apply-invalid', 'field is immutable');

  it('replaces with the live resourceVersion, creates what is not there', async () => {
    const world = createWorld({ application: application(['Replace=true']) }, [NAMESPACE, liveConfig()]);
    const resourceVersion = find(world, 'ConfigMap', 'a')?.metadata.resourceVersion;
    const { writes } = await run(world, { objects: [config('new'), object('ConfigMap', 'b')] });
    expect(writes).toEqual(['replace ConfigMap/a', 'create ConfigMap/b']);
    expect(world.cluster.calls.find(({ verb }) => verb === 'replace')?.object?.metadata.resourceVersion).toBe(
      resourceVersion,
    );
  });

  it('deletes and creates with both', async () => {
    const world = createWorld({}, [NAMESPACE, liveConfig()]);
    const objects = [config('new', { 'sync-options': 'Replace=true,Force=true' })];
    expect((await run(world, { objects })).writes).toEqual(['delete ConfigMap/a', 'create ConfigMap/a']);
  });

  it.each([
    ['by its own option', { 'sync-options': 'Force=true' }, {}],
    ['by the operation', {}, { force: true }],
  ])('makes anew what cannot be changed, %s', async (_, annotations, options) => {
    const world = createWorld();
    await run(world, { objects: [config('old')] });
    world.cluster.failNext('apply', immutable);
    const { writes, operation } = await run(world, { objects: [config('new', annotations)], options });
    expect(writes).toEqual(['apply ConfigMap/a', 'delete ConfigMap/a', 'apply ConfigMap/a']);
    expect(operation.phase).toBe('Succeeded');
    expect(find(world, 'ConfigMap', 'a')?.['data']).toEqual({ value: 'new' });
  });

  it('fails without, after the rest of the wave, before the next', async () => {
    const world = createWorld();
    const objects = [config('1'), object('Service', 's'), object('ConfigMap', 'later', { 'sync-wave': '1' })];
    await run(world, { objects });
    world.cluster.failNext('apply', immutable, ({ ref, options }) => ref?.name === 'a' && !options?.dryRun);
    const { writes, operation } = await run(world, { objects });
    expect(writes).toEqual(['apply ConfigMap/a', 'apply Service/s']);
    expect(operation).toMatchObject({ phase: 'Failed', message: 'ConfigMap web/a: field is immutable' });
  });
});

describe('which objects are applied', () => {
  const objects = [config('1'), object('ConfigMap', 'b'), object('Job', 'hook', { hook: 'PreSync' })];

  it.each<[string, string[], Partial<Sync>, string[]]>([
    ['all', [], {}, ['Job/hook', 'ConfigMap/a', 'ConfigMap/b']],
    ['no hooks with strategy apply', [], { options: { strategy: 'apply' } }, ['ConfigMap/a', 'ConfigMap/b']],
    [
      'a selection, without hooks',
      [],
      { options: { resources: [{ group: '', kind: 'ConfigMap', namespace: 'web', name: 'b' }] } },
      ['ConfigMap/b'],
    ],
    [
      'ApplyOutOfSyncOnly',
      ['ApplyOutOfSyncOnly=true'],
      { input: { outOfSync: new Set([keyOf('ConfigMap', 'b')]) } },
      ['Job/hook', 'ConfigMap/b'],
    ],
    ['ApplyOutOfSyncOnly, not compared', ['ApplyOutOfSyncOnly=true'], {}, ['Job/hook', 'ConfigMap/a', 'ConfigMap/b']],
  ])('%s', async (_, options, more, expected) => {
    const world = createWorld({ application: application(options) });
    await run(world, { objects: [config('1'), object('ConfigMap', 'b')] });
    const { writes } = await run(world, { objects, ...more });
    expect(writes.filter((write) => write.startsWith('apply')).map((write) => write.slice(6))).toEqual(expected);
  });

  it('prunes only what is selected', async () => {
    const world = createWorld();
    await run(world, { objects: [config('1'), object('ConfigMap', 'b'), object('ConfigMap', 'c')] });
    const resources = [{ group: '', kind: 'ConfigMap', namespace: 'web', name: 'c' }];
    expect((await run(world, { objects: [config('1')], options: { resources } })).writes).toEqual([
      'delete ConfigMap/c',
    ]);
  });

  it('applies nothing in a dry run, and says what would be refused', async () => {
    const world = createWorld();
    const done = await run(world, { objects: [config('1')], options: { dryRun: true } });
    expect(done).toMatchObject({ writes: [], operation: { phase: 'Succeeded' } });
    expect(world.inventory).toEqual([]);
    world.cluster.failNext('apply', permanent('apply-invalid', 'spec.x: wrong'));
    const refused = await run(world, { objects: [config('1')], options: { dryRun: true } });
    expect(refused.operation).toMatchObject({ phase: 'Failed', message: 'spec.x: wrong' });
  });

  it('dry-runs everything before it applies anything', async () => {
    const world = createWorld();
    world.cluster.failNext('apply', permanent('apply-invalid', 'spec.x: wrong'), ({ ref }) => ref?.name === 'b');
    const { operation, writes } = await run(world, { objects: [config('1'), object('ConfigMap', 'b')] });
    expect(writes).toEqual([]);
    expect(operation).toMatchObject({ phase: 'Failed', message: 'spec.x: wrong' });
  });
});

describe('fields', () => {
  const byKubectl = (manager: string): KubernetesObject => ({
    ...liveConfig({
      managedFields: [
        {
          manager,
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:value': {}, 'f:extra': {} } },
        },
      ],
    }),
    data: { value: 'old', extra: 'left Git' },
  });

  it.each([
    ['kubectl-client-side-apply', [], {}, true],
    ['argocd-controller', [], {}, true],
    ['kubectl-client-side-apply', ['ClientSideApplyMigration=false'], {}, false],
    ['kubectl-edit', [], {}, false],
    ['helm', [], {}, false],
    ['helm', [], { adopt: true }, true],
  ])('of %s with %o %o: taken over: %s', async (manager, options, more, isTaken) => {
    const world = createWorld({ application: application(options) }, [NAMESPACE, byKubectl(manager)]);
    const { operation } = await run(world, { objects: [config('new')], options: more });
    expect(operation.phase).toBe('Succeeded');
    expect(find(world, 'ConfigMap', 'a')?.['data']).toEqual(
      isTaken ? { value: 'new' } : { value: 'new', extra: 'left Git' },
    );
  });

  it('are taken over where somebody applied client-side in between, without a read in advance', async () => {
    const world = createWorld();
    await run(world, { objects: [config('1')] });
    const live = find(world, 'ConfigMap', 'a');
    if (!live) throw new Error('not applied');
    const fieldsV1 = { 'f:data': { 'f:extra': {} } };
    const managedFields = [
      ...(live.metadata.managedFields ?? []),
      { manager: 'kubectl', operation: 'Update' as const, apiVersion: 'v1', fieldsV1 },
    ];
    world.cluster.put({ ...live, metadata: { ...live.metadata, managedFields }, data: { value: '1', extra: 'x' } });
    const { writes } = await run(world, { objects: [config('2')] });
    expect(writes).toEqual(['apply ConfigMap/a', 'patch ConfigMap/a', 'apply ConfigMap/a']);
    expect(find(world, 'ConfigMap', 'a')?.['data']).toEqual({ value: '2' });
  });

  it('that are ignored keep their live values with RespectIgnoreDifferences', async () => {
    const withIgnoredFields = (target: KubernetesObject, live: KubernetesObject) => ({ ...target, data: live['data'] });
    const world = createWorld({ application: application(['RespectIgnoreDifferences=true']) }, [
      NAMESPACE,
      liveConfig(),
    ]);
    await run(world, { objects: [config('new')], input: { withIgnoredFields } });
    expect(find(world, 'ConfigMap', 'a')?.['data']).toEqual({ value: 'old' });
    world.application = application();
    await run(world, { objects: [config('new')], input: { withIgnoredFields } });
    expect(find(world, 'ConfigMap', 'a')?.['data']).toEqual({ value: 'new' });
  });
});
