import { beforeEach, describe, expect, it } from 'vitest';
import { permanent } from '../../../../src/domain/errors.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

const ID = 'argocd/web';
const RESOURCES = 'resources-finalizer.argocd.argoproj.io';

let stack: Awaited<ReturnType<typeof createMemoryStack>>;
beforeEach(async () => {
  stack = await createMemoryStack();
});

const row = () => stack.applications.rows.get(ID);
const cluster = () => stack.clusters.dev;
const names = () => [...cluster().objects.keys()].filter((key) => !key.startsWith('/Namespace/')).toSorted();

const manifest = (kind: string, name: string, annotations: Record<string, string> = {}) => {
  const text = Object.entries(annotations).map(([key, value]) => `${key}: "${value}"`);
  const apiVersion = kind === 'Job' ? 'batch/v1' : kind.startsWith('Custom') ? 'apiextensions.k8s.io/v1' : 'v1';
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}, annotations: { ${text.join(', ')} } }\n`;
};
const argo = (more: Record<string, string>) =>
  Object.fromEntries(Object.entries(more).map(([key, value]) => [`argocd.argoproj.io/${key}`, value]));

const start = async (files: Record<string, string>, finalizers = `finalizers: [${RESOURCES}]`): Promise<void> => {
  await stack.push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev', { metadata: finalizers }), ...files });
  await stack.settle(30);
};
const remove = async (): Promise<void> => {
  await stack.push({ 'apps/web.yaml': null });
  await stack.settle(30);
};
const deletions = () =>
  cluster()
    .calls.filter(({ verb }) => verb === 'delete')
    .map(({ ref, options }) => [ref?.name, options?.propagationPolicy]);

describe('an application that is gone from Git', () => {
  it('takes its objects with it, highest wave first, and nothing that is kept', async () => {
    await start({
      'web/a.yaml': manifest('ConfigMap', 'first', argo({ 'sync-wave': '-1' })),
      'web/b.yaml': manifest('ConfigMap', 'last', argo({ 'sync-wave': '3' })),
      'web/c.yaml': manifest('ConfigMap', 'kept', argo({ 'sync-options': 'Delete=false' })),
      'web/d.yaml': manifest('Secret', 'helm', { 'helm.sh/resource-policy': 'keep' }),
    });
    expect(row()?.applied?.generation).toBe(1);
    await remove();
    expect(deletions()).toEqual([
      ['last', 'Foreground'],
      ['first', 'Foreground'],
    ]);
    expect(names()).toEqual(['/ConfigMap/web/kept', '/Secret/web/helm']);
    expect(row()).toBeUndefined();
  });

  it('deletes in the background where its finalizer says so', async () => {
    await start({ 'web/a.yaml': configMapYaml('web', 'one') }, `finalizers: [${RESOURCES}/background]`);
    await remove();
    expect(deletions()).toEqual([['web', 'Background']]);
  });

  it('leaves everything where it has no finalizer', async () => {
    await start({ 'web/a.yaml': configMapYaml('web', 'one') }, '');
    await remove();
    expect(names()).toEqual(['/ConfigMap/web/web']);
    expect(row()).toBeUndefined();
  });

  it('deletes nothing that is somebody else’s by now', async () => {
    await start({ 'web/a.yaml': configMapYaml('web', 'one'), 'web/b.yaml': configMapYaml('taken', 'one') });
    const taken = cluster().objects.get('/ConfigMap/web/taken') ?? expect.fail('not applied');
    const annotations = { 'argocd.argoproj.io/tracking-id': 'other:/ConfigMap:web/taken' };
    cluster().put({ ...taken, metadata: { ...taken.metadata, annotations } });
    await remove();
    expect(names()).toEqual(['/ConfigMap/web/taken']);
  });

  it('runs its PreDelete hooks before, and its PostDelete hooks after', async () => {
    await start({
      'web/a.yaml': configMapYaml('web', 'one'),
      'web/pre.yaml': manifest('Job', 'pre', argo({ hook: 'PreDelete', 'hook-delete-policy': 'HookSucceeded' })),
      'web/post.yaml': manifest('Job', 'post', argo({ hook: 'PostDelete', 'hook-delete-policy': 'HookSucceeded' })),
    });
    expect(names()).toEqual(['/ConfigMap/web/web']);
    await remove();
    expect(names()).toEqual(['/ConfigMap/web/web', 'batch/Job/web/pre']);
    const complete = { conditions: [{ type: 'Complete', status: 'True' }] };
    cluster().setStatus({ group: 'batch', kind: 'Job', namespace: 'web', name: 'pre' }, complete);
    await stack.settle(10);
    expect(names()).toEqual(expect.arrayContaining(['batch/Job/web/post']));
    expect(names()).not.toContain('/ConfigMap/web/web');
    cluster().setStatus({ group: 'batch', kind: 'Job', namespace: 'web', name: 'post' }, complete);
    await stack.settle(10);
    expect(names()).toEqual([]);
    expect(row()).toBeUndefined();
  });

  it('waits for a person where an object says Delete=confirm, or its deletion hooks are lost', async () => {
    await start({ 'web/a.yaml': manifest('ConfigMap', 'web', argo({ 'sync-options': 'Delete=confirm' })) });
    await remove();
    expect(row()?.waiting).toBe('waits for confirmation to delete ConfigMap web/web');
    expect(deletions()).toEqual([]);
  });

  it('ends a sync that is under way, and takes what it has applied with it', async () => {
    await start({
      'web/a.yaml': manifest('ConfigMap', 'web', argo({ 'sync-wave': '-1' })),
      'web/pre.yaml': manifest('Job', 'migrate', argo({ hook: 'Sync' })),
    });
    expect(row()?.operation).toMatchObject({ stage: 'waves', waiting: 'hook' });
    await remove();
    expect(names()).toEqual([]);
    expect(row()).toBeUndefined();
  });

  it('is begun again where it failed, five minutes later', async () => {
    await start({ 'web/a.yaml': configMapYaml('web', 'one') });
    cluster().failNext('delete', permanent('cluster-denied', 'may not delete configmaps'));
    await remove();
    expect(row()?.operation).toMatchObject({ phase: 'Failed', kind: 'delete' });
    stack.time.now += 301_000;
    await stack.sweep();
    await stack.settle(10);
    expect(names()).toEqual([]);
    expect(row()).toBeUndefined();
  });

  it('ends the rollout that was under way with it', async () => {
    await stack.push({
      'apps/web.yaml': applicationYaml('web', 'web', 'dev', { metadata: `finalizers: [${RESOURCES}]` }),
      'web/pre.yaml': manifest('Job', 'migrate', argo({ hook: 'Sync' })),
    });
    await stack.settle(30);
    const rollout = row()?.desired?.rollout ?? '';
    expect(row()?.told).toMatchObject({ rollout, phase: 'planned' });
    await remove();
    expect(row()).toBeUndefined();
    expect(await stack.outcomes.list(rollout)).toMatchObject([{ phase: 'superseded', message: 'gone from Git' }]);
    expect(stack.rollouts.rows.get(rollout)).toMatchObject({ state: 'superseded' });
    expect(stack.rollouts.rows.get(rollout)).not.toHaveProperty('due');
  });
});
