import { beforeEach, describe, expect, it } from 'vitest';
import { permanent } from '../../../src/domain/errors.ts';
import { manifestsKey } from '../../../src/domain/render-row.ts';
import type { ChangeMessage } from '../../../src/messages/change.ts';
import { applicationYaml, configMapYaml, createMemoryStack, MAIN, REPOSITORY } from '../../fakes/memory-stack.ts';

const MANUAL = '  syncPolicy: { syncOptions: [CreateNamespace=true] }';

type Stack = Awaited<ReturnType<typeof createMemoryStack>>;

let stack: Stack;
beforeEach(async () => {
  stack = await createMemoryStack();
});

const ID = 'argocd/web';
const row = (id = ID) => {
  const found = stack.applications.rows.get(id);
  if (!found) throw new Error(`no row ${id}`);
  return found;
};
const value = (cluster: 'dev' | 'prod' = 'dev', name = 'web'): unknown =>
  stack.clusters[cluster].objects.get(`/ConfigMap/${name}/web`)?.['data'];
const resourceVersion = () => stack.clusters.dev.objects.get('/ConfigMap/web/web')?.metadata.resourceVersion;
const outcomes = (rollout: string) =>
  Object.fromEntries(
    [...stack.outcomes.all.values()]
      .filter((one) => one.rollout === rollout)
      .map(({ application, phase }) => [application, phase]),
  );

const start = async (spec?: string): Promise<string> => {
  const commit = await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev', spec === undefined ? {} : { spec }),
    'web/config.yaml': configMapYaml('web', 'one'),
  });
  await stack.settle();
  return commit;
};
const pushValue = async (text: string): Promise<string> => {
  const commit = await stack.push({ 'web/config.yaml': configMapYaml('web', text) });
  await stack.settle();
  return commit;
};
const BROKEN = 'kind: ConfigMap\nmetadata: { name: web }\n';

describe('sync', () => {
  it('applies what waits for a person, once, and tells it in the rollout that planned it', async () => {
    const commit = await start(MANUAL);
    expect(row()).toMatchObject({ waiting: expect.stringContaining('manual sync') as string, sync: 'OutOfSync' });
    expect(value()).toBeUndefined();
    stack.time.now += 3_600_000;
    const asked = await stack.control.sync(ID);
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    expect(row()).toMatchObject({ sync: 'Synced', applied: { generation: asked.generation } });
    expect(row().waiting).toBeUndefined();
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', '1/1 synced']);
    await pushValue('two');
    expect(row()).toMatchObject({ waiting: expect.stringContaining('manual sync') as string });
    expect(value()).toEqual({ value: 'one' });
  });

  it('is not lost where a worker is about to say that it waits for a person', async () => {
    await start(MANUAL);
    await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    const save = stack.applications.save;
    let asked = false;
    stack.applications.save = async (next) => {
      if (!asked && next.waiting !== undefined && next.desired?.generation === 2) {
        asked = true;
        await stack.control.sync(ID);
        // The holder of the lease is the only one who can serve it.
        stack.sent.syncs.length = 0;
      }
      return save(next);
    };
    await stack.settle();
    expect(asked).toBe(true);
    expect(value()).toEqual({ value: 'two' });
    expect(row().lease).toBeUndefined();
  });

  it('applies again what is applied', async () => {
    await start();
    stack.clusters.dev.drop({ group: '', kind: 'ConfigMap', namespace: 'web', name: 'web' });
    expect(await stack.control.sync(ID)).toEqual({ application: ID, generation: 2 });
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    expect(row().history.map(({ generation }) => generation)).toEqual([2, 1]);
  });

  it('starts a failed operation again', async () => {
    const commit = await failOnce();
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('failure');
    await stack.control.sync(ID);
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', '1/1 synced']);
  });

  it('plans again what could not be rendered', async () => {
    await start();
    await pushValue('two');
    await stack.push({ 'web/config.yaml': BROKEN });
    await stack.settle();
    expect(row().desired?.error).toBeDefined();
    const { generation } = row().desired ?? { generation: 0 };
    expect(await stack.control.sync(ID)).toEqual({ application: ID, generation: generation + 1 });
    expect(stack.sent.changes.map(({ message }) => message)).toEqual([
      { version: 1, repository: REPOSITORY, ref: MAIN, cause: 'retry', applications: [ID] },
    ]);
    await stack.settle();
    // The file is still broken, and nothing was pruned on the way.
    expect(row().desired?.error).toBeDefined();
    expect(value()).toEqual({ value: 'two' });
  });

  it.each([
    ['application-unknown', 'argocd/none', () => Promise.resolve()],
    [
      'application-removed',
      ID,
      async () => {
        await start();
        stack.applications.rows.set(ID, { ...row(), removed: true });
      },
    ],
  ])('refuses with %s', async (code, id, given) => {
    await given();
    await expect(stack.control.sync(id)).rejects.toMatchObject({ code, kind: 'rejected' });
    expect(stack.sent.syncs).toEqual([]);
  });
});

/** A fleet whose one application is refused by its cluster until it has failed. */
const failOnce = async (): Promise<string> => {
  let failing = true;
  const error = permanent('apply-invalid', 'no, not today');
  stack.clusters.dev.failNext('apply', error, ({ object }) => failing && object?.kind === 'ConfigMap', 1_000);
  const commit = await start();
  failing = false;
  return commit;
};

describe('refresh', () => {
  it('has every ref of the application looked at', async () => {
    await start();
    const commit = stack.repository.commit(MAIN, { 'web/config.yaml': configMapYaml('web', 'unheard') });
    expect(await stack.control.refresh(ID)).toEqual({
      application: ID,
      refs: [{ repository: REPOSITORY, ref: MAIN }],
      at: expect.any(Number),
    });
    await stack.settle();
    expect(value()).toEqual({ value: 'unheard' });
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('success');
    expect([...stack.rollouts.rows.values()].find((one) => one.commit === commit)?.cause).toBe('manual');
  });

  it.each([
    [false, 0],
    [true, 1],
  ])('compares now; with hard: %s the cluster is asked about %s unchanged objects', async (hard, asked) => {
    await start();
    stack.time.now += 1_000;
    const asking = stack.time.now;
    const { dev } = stack.clusters;
    dev.calls.splice(0);
    await stack.control.refresh(ID, { hard });
    await stack.settle();
    expect(row().compared?.at).toBeGreaterThanOrEqual(asking);
    expect(dev.calls.filter(({ verb, ref }) => verb === 'apply' && ref?.kind === 'ConfigMap')).toHaveLength(asked);
    expect(dev.writes()).toEqual([]);
  });

  it('refuses an unknown application', async () => {
    await expect(stack.control.refresh(ID)).rejects.toMatchObject({ code: 'application-unknown' });
  });
});

describe('rollback', () => {
  const statuses = () => stack.statuses.length;

  it('applies the recorded manifests, renders nothing, and no commit status is written', async () => {
    await start();
    await pushValue('two');
    const [renders, told] = [stack.renders.rows.size, statuses()];
    const answer = await stack.control.rollBack(ID);
    expect(answer).toMatchObject({ application: ID, generation: 3, to: 1 });
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    expect([stack.renders.rows.size, statuses()]).toEqual([renders, told]);
    expect(row()).toMatchObject({ pinned: { generation: 1 }, applied: { generation: 3 }, sync: 'Synced' });
    expect(stack.rollouts.rows.get(answer.rollout)).toMatchObject({ state: 'success', cause: 'manual' });
    expect(outcomes(answer.rollout)).toEqual({ [ID]: 'healthy' });
    expect(row().due).toBeUndefined();
  });

  it.each([
    ['an unrelated commit', async () => void (await stack.push({ 'README.md': 'x' }))],
    ['a poll', async () => void (await stack.poll())],
    ['a refresh', async () => void (await stack.control.refresh(ID))],
    ['a sweep', async () => void (await stack.sweep())],
    ['a lost plan index', () => Promise.resolve(stack.blobs.blobs.clear())],
    ['a repair', () => stack.queues.changes([repair])],
  ])('is not undone by %s', async (_name, disturb) => {
    await start();
    await pushValue('two');
    await stack.control.rollBack(ID);
    await stack.settle();
    await disturb();
    await stack.settle();
    await stack.push({ 'another.txt': 'y' });
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    expect(row().pinned).toMatchObject({ generation: 1 });
  });

  it.each([
    ['its manifests', () => pushValue('three'), 'three'],
    ['its manifests, back to those that it was rolled back to', () => pushValue('one'), 'one'],
    ['its document', () => documentPush(), 'two'],
  ])('ends with a push that changes %s', async (_name, push, expected) => {
    await start();
    await pushValue('two');
    await stack.control.rollBack(ID);
    await stack.settle();
    const commit = await push();
    expect(row().pinned).toBeUndefined();
    expect(value()).toEqual({ value: expected });
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', '1/1 synced']);
  });

  it('resumes to what Git says, and tells its own rollout so', async () => {
    const commit = await start();
    const newer = await pushValue('two');
    await stack.control.rollBack(ID, 1);
    await stack.settle();
    await stack.control.resume(ID);
    await stack.settle();
    expect(value()).toEqual({ value: 'two' });
    expect(row().pinned).toBeUndefined();
    expect(row().applied?.revisions[0]?.commit).toBe(newer);
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('success');
    await expect(stack.control.resume(ID)).rejects.toMatchObject({ code: 'application-not-pinned' });
  });

  it('rolled back twice resumes to what Git says all the same', async () => {
    await start();
    await pushValue('two');
    await pushValue('three');
    await stack.control.rollBack(ID, 2);
    await stack.settle();
    expect(value()).toEqual({ value: 'two' });
    await stack.control.rollBack(ID, 1);
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    await stack.control.resume(ID);
    await stack.settle();
    expect(value()).toEqual({ value: 'three' });
  });

  it('needs no sync of its own where automated sync is off; resumed, a person is waited for', async () => {
    await start(MANUAL);
    await stack.control.sync(ID);
    await stack.settle();
    await pushValue('two');
    await stack.control.sync(ID);
    await stack.settle();
    await stack.control.rollBack(ID);
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    await stack.control.resume(ID);
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    expect(row().waiting).toContain('manual sync');
  });

  it('goes back to what is applied where the newest generation failed', async () => {
    await start();
    const broken = await pushValueRaw(BROKEN);
    expect(stack.statusOf(broken)['towline/dev']?.[0]).toBe('failure');
    expect(await stack.control.rollBack(ID)).toMatchObject({ to: 1 });
    await stack.settle();
    expect(row()).toMatchObject({ sync: 'Synced', pinned: { generation: 1 } });
    expect(stack.statusOf(broken)['towline/dev']?.[0]).toBe('failure');
  });

  it('supersedes a rollout that had not ended with the application', async () => {
    await start();
    const commit = await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await deliver('changes');
    const running = row().desired?.rollout ?? '';
    await stack.control.rollBack(ID, 1);
    await stack.settle();
    expect(outcomes(running)).toEqual({ [ID]: 'superseded' });
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('canceled');
    expect(value()).toEqual({ value: 'one' });
  });

  it('says so where the recorded manifests are gone, and never takes the newest instead', async () => {
    await start();
    await pushValue('two');
    const key = row().history.find(({ generation }) => generation === 1)?.renderKeys[0] ?? '';
    stack.blobs.blobs.delete(manifestsKey(stack.renders.rows.get(key)?.digest ?? ''));
    await stack.control.rollBack(ID, 1);
    await stack.settle();
    expect(row().desired?.error).toMatchObject({ code: 'manifests-expired' });
    expect(value()).toEqual({ value: 'two' });
    stack.renders.rows.delete(key);
    await expect(stack.control.rollBack(ID, 1)).rejects.toMatchObject({ code: 'manifests-expired' });
  });

  it.each([
    ['generation-unknown', 7],
    ['generation-unknown', undefined],
  ])('refuses with %s: %s', async (code, generation) => {
    await start();
    await expect(stack.control.rollBack(ID, generation)).rejects.toMatchObject({ code, kind: 'rejected' });
    expect(row()).toMatchObject({ desired: { generation: 1 } });
  });
});

describe('retrying a rollout', () => {
  it('starts what failed again as the next attempt and tells every context anew', async () => {
    const commit = await failOnce();
    const rollout = row().desired?.rollout ?? '';
    const before = stack.statuses.length;
    const answer = await stack.control.retryRollout(rollout);
    expect(answer).toEqual({ rollout, attempt: 2, applications: [ID] });
    await stack.settle();
    const told = stack.statuses.slice(before).filter((one) => one.commit === commit);
    expect(told.filter(({ context }) => context === 'towline/dev').at(-1)?.state).toBe('success');
    expect(new Set(told.map(({ context }) => context))).toEqual(
      new Set(['towline/render', 'towline/dev', 'towline/prod']),
    );
    expect(stack.rollouts.rows.get(rollout)).toMatchObject({ attempt: 2, state: 'success' });
    expect(value()).toEqual({ value: 'one' });
  });

  it('leaves those alone that did not fail', async () => {
    await stack.push({
      'apps/web.yaml': applicationYaml('web', 'web', 'dev'),
      'apps/bad.yaml': applicationYaml('bad', 'bad', 'prod'),
      'web/config.yaml': configMapYaml('web', 'one'),
      'bad/config.yaml': BROKEN,
    });
    await stack.settle();
    const version = resourceVersion();
    const rollout = row().desired?.rollout ?? '';
    expect(await stack.control.retryRollout(rollout)).toMatchObject({ applications: ['argocd/bad'] });
    await stack.settle();
    expect(resourceVersion()).toBe(version);
    expect(row().desired?.generation).toBe(1);
    expect(outcomes(rollout)).toEqual({ 'argocd/bad': 'failed', [ID]: 'healthy' });
    expect(stack.rollouts.rows.get(rollout)).toMatchObject({ state: 'failure', attempt: 2 });
  });

  it('refuses where nothing failed, where a newer rollout decides, and what is unknown', async () => {
    await failOnce();
    const failed = row().desired?.rollout ?? '';
    await pushValue('two');
    const newer = row().desired?.rollout ?? '';
    await expect(stack.control.retryRollout(failed)).rejects.toMatchObject({ code: 'nothing-to-retry' });
    await expect(stack.control.retryRollout(newer)).rejects.toMatchObject({ code: 'nothing-to-retry' });
    await expect(stack.control.retryRollout('none')).rejects.toMatchObject({ code: 'rollout-unknown' });
    expect(stack.rollouts.rows.get(failed)?.attempt).toBe(1);
  });
});

const WAVES = `apiVersion: apps/v1
kind: Deployment
metadata: { name: first }
spec: { selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [] } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web, annotations: { argocd.argoproj.io/sync-wave: "1" } }
data: { value: one }
`;

describe('aborting a rollout', () => {
  const open = async (config: string) => {
    await stack.push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev'), 'web/config.yaml': config });
    await deliver('changes');
    return row().desired?.rollout ?? '';
  };

  it('applies nothing that has not begun, fails the rollout, and a retry takes it up', async () => {
    const rollout = await open(configMapYaml('web', 'one'));
    expect(await stack.control.abortRollout(rollout)).toEqual({ rollout, applications: [ID] });
    await stack.settle();
    expect(stack.clusters.dev.writes()).toEqual([]);
    expect(row().awaiting).toBeUndefined();
    expect(stack.rollouts.rows.get(rollout)?.state).toBe('failure');
    await expect(stack.control.abortRollout(rollout)).rejects.toMatchObject({ code: 'nothing-to-abort' });
    await stack.control.retryRollout(rollout);
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    expect(stack.rollouts.rows.get(rollout)).toMatchObject({ state: 'success', attempt: 2 });
  });

  it('terminates what is under way, between two waves', async () => {
    const rollout = await open(WAVES);
    await stack.settle();
    expect(row().operation).toMatchObject({ phase: 'Running' });
    await stack.control.abortRollout(rollout);
    await stack.settle(60);
    expect(row().operation).toMatchObject({ phase: 'Failed', stage: 'ended' });
    expect(value()).toBeUndefined();
    expect(stack.clusters.dev.objects.has('apps/Deployment/web/first')).toBe(true);
    expect(row().lease).toBeUndefined();
    expect(stack.statuses.at(-1)).toMatchObject({
      state: 'failure',
      description: '0/1 synced · 1 failed: argocd/web@dev: aborted by a person',
    });
  });

  it('also where a worker is at it, and asking for a manual sync comes before', async () => {
    await open(WAVES);
    await stack.control.sync(ID);
    const save = stack.applications.save;
    let asked = false;
    stack.applications.save = async (next) => {
      if (!asked && next.operation && !next.lease) {
        asked = true;
        await stack.control.abortRollout(row().desired?.rollout ?? '');
        stack.sent.syncs.length = 0;
      }
      return save(next);
    };
    await stack.settle(60);
    expect(asked).toBe(true);
    expect(row().operation).toMatchObject({ phase: 'Failed', stage: 'ended' });
  });

  it('stops neither what is applied nor what a newer commit asks for', async () => {
    await start();
    const first = row().desired?.rollout ?? '';
    await expect(stack.control.abortRollout(first)).rejects.toMatchObject({ code: 'nothing-to-abort' });
    const second = await open(configMapYaml('web', 'two'));
    await stack.control.abortRollout(second);
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    await pushValue('three');
    expect(value()).toEqual({ value: 'three' });
  });
});

const repair: ChangeMessage = { version: 1, repository: REPOSITORY, ref: MAIN, cause: 'retry', applications: [ID] };

const pushValueRaw = async (text: string): Promise<string> => {
  const commit = await stack.push({ 'web/config.yaml': text });
  await stack.settle();
  return commit;
};

const documentPush = async (): Promise<string> => {
  const spec = '  syncPolicy: { automated: { prune: false }, syncOptions: [CreateNamespace=true] }';
  const commit = await stack.push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev', { spec }) });
  await stack.settle();
  return commit;
};

/** Delivers what one queue holds now, and nothing that comes of it. */
const deliver = async (queue: 'changes'): Promise<void> => {
  for (const { message } of stack.sent[queue].splice(0)) await stack.handlers[queue](message);
};
