import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { permanent } from '../../../../src/domain/errors.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

const ID = 'argocd/web';
const MANUAL = '  syncPolicy: { syncOptions: [CreateNamespace=true] }';

let stack: Awaited<ReturnType<typeof createMemoryStack>>;
beforeEach(async () => {
  stack = await createMemoryStack();
});

const row = () => stack.applications.rows.get(ID) ?? expect.fail('no such application');
const cluster = () => stack.clusters.dev;
const value = (name = 'web') => cluster().objects.get(`/ConfigMap/web/${name}`)?.['data'];
const ref = (name: string) => ({ group: '', kind: 'ConfigMap', namespace: 'web', name });
const start = async (files: Record<string, string>, spec?: string): Promise<string> => {
  const commit = await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev', spec ? { spec } : {}),
    ...files,
  });
  await stack.settle();
  return commit;
};
const two = { 'web/a.yaml': configMapYaml('web', 'one'), 'web/b.yaml': configMapYaml('other', 'one') };
const job = `apiVersion: batch/v1
kind: Job
metadata: { name: migrate, annotations: { argocd.argoproj.io/hook: PreSync } }
spec: { template: {} }
`;

describe('a sync that a person asks for', () => {
  it('prunes only where they say so, while automated sync is off', async () => {
    await start(two, MANUAL);
    await stack.control.sync(ID);
    await stack.settle();
    await stack.push({ 'web/b.yaml': null });
    await stack.settle();
    await stack.control.sync(ID);
    await stack.settle();
    expect(value('other')).toBeDefined();
    expect(row().sync).toBe('OutOfSync');
    await stack.control.sync(ID, { prune: true });
    await stack.settle();
    expect(value('other')).toBeUndefined();
    expect(row().sync).toBe('Synced');
  });

  it('of a few objects leaves the others, runs no hooks, and is no new revision', async () => {
    await start({ ...two, 'web/job.yaml': job }, MANUAL);
    await stack.control.sync(ID, { resources: [ref('web')] });
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    expect(value('other')).toBeUndefined();
    expect([...cluster().objects.keys()].filter((key) => key.includes('Job'))).toEqual([]);
    expect(row()).toMatchObject({ waiting: expect.stringContaining('manual sync') as string, history: [] });
    expect(row()).not.toHaveProperty('applied');
  });

  it('that only tries writes nothing, says what is refused, and starts nothing', async () => {
    await start(two, MANUAL);
    const before = cluster().writes().length;
    cluster().failNext(
      'apply',
      permanent('apply-invalid', 'ConfigMap other: too long'),
      (call) => call.ref?.name === 'other',
    );
    await stack.control.sync(ID, { dryRun: true });
    await stack.settle();
    expect(row().dryRun).toMatchObject({
      phase: 'Failed',
      failed: [{ name: 'other', message: expect.stringContaining('too long') as string }],
    });
    await stack.control.sync(ID, { dryRun: true });
    await stack.settle();
    expect(row().dryRun).toMatchObject({ phase: 'Succeeded', failed: [] });
    expect(cluster().writes().length).toBe(before);
    expect(row()).toMatchObject({ waiting: expect.stringContaining('manual sync') as string });
  });

  it('runs no hooks with strategy apply', async () => {
    await start({ ...two, 'web/job.yaml': job }, MANUAL);
    await stack.control.sync(ID, { strategy: 'apply' });
    await stack.settle();
    expect(row()).toMatchObject({ sync: 'Synced', applied: { generation: 2 } });
    expect([...cluster().objects.keys()].filter((key) => key.includes('Job'))).toEqual([]);
  });

  it('with options is refused while another is under way, which a person may terminate', async () => {
    const commit = await start({ ...two, 'web/job.yaml': job });
    expect(row().operation).toMatchObject({ waiting: 'hook' });
    await expect(stack.control.sync(ID, { prune: true })).rejects.toMatchObject({ code: 'operation-running' });
    await expect(stack.control.sync(ID, { resources: [ref('web')] })).rejects.toMatchObject({
      code: 'operation-running',
    });
    await stack.control.terminate(ID);
    await stack.settle(10);
    expect(row().operation).toMatchObject({ phase: 'Failed', stage: 'ended', message: 'operation terminated' });
    expect([...cluster().objects.keys()].filter((key) => key.includes('Job'))).toEqual([]);
    expect(value()).toBeUndefined();
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['failure', expect.stringContaining('terminated')]);
    await expect(stack.control.terminate(ID)).rejects.toMatchObject({ code: 'no-operation' });
  });
});

const maps = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`web/${at}.yaml`, configMapYaml(`map-${at}`, 'one')]));
const gone = (files: Record<string, string>, count: number) =>
  Object.fromEntries(
    Object.keys(files)
      .slice(0, count)
      .map((path) => [path, null]),
  );
const left = () => [...cluster().objects.keys()].filter((key) => key.startsWith('/ConfigMap/')).length;

describe('a prune of more than ten objects and a fifth', () => {
  it('waits for a person, whose word starts it', async () => {
    const files = maps(15);
    await start(files);
    const commit = await stack.push(gone(files, 12));
    await stack.settle();
    expect(left()).toBe(15);
    expect(row()).toMatchObject({
      waiting: expect.stringContaining('pruning 12 of 15 objects waits for approval') as string,
      sync: 'OutOfSync',
      applied: { generation: 2 },
    });
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', expect.stringContaining('waiting')]);
    await stack.control.approve(ID);
    await stack.settle(10);
    expect(left()).toBe(3);
    expect(row()).toMatchObject({ sync: 'Synced' });
    for (const field of ['waiting', 'approved', 'healing']) expect(row()).not.toHaveProperty(field);
    await expect(stack.control.approve(ID)).rejects.toMatchObject({ code: 'nothing-to-approve' });
  });

  it('is made unasked where it is small', async () => {
    const files = maps(15);
    await start(files);
    await stack.push(gone(files, 10));
    await stack.settle();
    expect(left()).toBe(5);
  });
});

describe('objects that say Prune=confirm or Delete=confirm', () => {
  const careful = (option: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: careful, annotations: { argocd.argoproj.io/sync-options: ${option}=confirm } }\n`;

  it('are pruned by a person’s word alone', async () => {
    await start({ ...two, 'web/c.yaml': careful('Prune') });
    await stack.push({ 'web/c.yaml': null });
    await stack.settle(10);
    expect(row().waiting).toBe('waits for confirmation to prune ConfigMap web/careful');
    expect(left()).toBe(3);
    await stack.control.approve(ID);
    await stack.settle(10);
    expect(left()).toBe(2);
    expect(row()).toMatchObject({ sync: 'Synced' });
  });

  it('are deleted with their application by a person’s word alone', async () => {
    const metadata = 'finalizers: [resources-finalizer.argocd.argoproj.io]';
    await stack.push({
      'apps/web.yaml': applicationYaml('web', 'web', 'dev', { metadata }),
      ...two,
      'web/c.yaml': careful('Delete'),
    });
    await stack.settle();
    await stack.push({ 'apps/web.yaml': null });
    await stack.settle(10);
    expect(left()).toBe(3);
    await stack.control.approve(ID);
    await stack.settle(10);
    expect(left()).toBe(0);
    expect(stack.applications.rows.has(ID)).toBe(false);
  });
});

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;
const OWNERS = ['web', 'other', 'none', 'renamed'] as const;
const TRACKING = 'argocd.argoproj.io/tracking-id';

/** Somebody changes what an object says it belongs to: nobody, another application, or an id copied from another object. */
const claim = (name: string, owner: (typeof OWNERS)[number]): void => {
  const object = cluster().objects.get(`/ConfigMap/web/${name}`);
  if (!object || owner === 'web') return;
  const id = owner === 'renamed' ? `web:/ConfigMap:web/${name}-copy` : `other:/ConfigMap:web/${name}`;
  const annotations: Record<string, string> = owner === 'none' ? {} : { [TRACKING]: id };
  cluster().put({ ...object, metadata: { ...object.metadata, annotations } });
};

describe('nothing is pruned that was not made or adopted', () => {
  it('whatever is in the inventory, whatever objects say they belong to, whatever the project permits', async () => {
    const world = fc.record({
      before: fc.subarray([...NAMES], { minLength: 1 }),
      after: fc.subarray([...NAMES]),
      foreign: fc.subarray([...NAMES]),
      owners: fc.array(fc.constantFrom(...OWNERS), { minLength: 5, maxLength: 5 }),
      remade: fc.subarray([...NAMES]),
      permitted: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(world, async ({ before, after, foreign, owners, remade, permitted }) => {
        stack = await createMemoryStack();
        const keep = { 'web/keep.yaml': configMapYaml('keep', 'one') };
        const files = (names: readonly string[]) =>
          Object.fromEntries(
            NAMES.map((name) => [`web/${name}.yaml`, names.includes(name) ? configMapYaml(name, 'one') : null]),
          );
        await stack.push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev'), ...keep, ...files(before) } as Record<
          string,
          string
        >);
        await stack.settle();
        for (const [at, name] of NAMES.entries()) claim(name, owners[at] ?? 'web');
        for (const name of remade) {
          const object = cluster().objects.get(`/ConfigMap/web/${name}`);
          if (!object) continue;
          cluster().drop(ref(name));
          const { uid: _uid, ...metadata } = object.metadata;
          cluster().put({ ...object, metadata });
        }
        for (const name of foreign)
          if (!before.includes(name))
            cluster().put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'web' } });
        const project = `apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: { name: default }\nspec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }], clusterResourceWhitelist: [{ group: '*', kind: '*' }]${permitted ? '' : ", namespaceResourceBlacklist: [{ group: '', kind: ConfigMap }]"} }\n`;
        await stack.push({ ...files(after), 'apps/project.yaml': project } as Record<string, string>);
        await stack.settle(20);
        const deleted = cluster()
          .calls.filter(({ verb }) => verb === 'delete')
          .map(({ ref: one }) => one?.name ?? '');
        for (const name of deleted) {
          expect(before).toContain(name);
          expect(after).not.toContain(name);
          expect(owners[NAMES.indexOf(name as 'a')]).toBe('web');
          expect(remade).not.toContain(name);
          expect(permitted).toBe(true);
        }
        // And what is ours does go, or the test would hold of a syncer that deletes nothing.
        const due = NAMES.filter(
          (name, at) =>
            before.includes(name) && !after.includes(name) && owners[at] === 'web' && !remade.includes(name),
        );
        const isBlocked = after.some((name) => before.includes(name) && owners[NAMES.indexOf(name)] === 'other');
        if (permitted && !isBlocked) expect(deleted.toSorted()).toEqual([...due].toSorted());
      }),
      { numRuns: 60 },
    );
  });
});
