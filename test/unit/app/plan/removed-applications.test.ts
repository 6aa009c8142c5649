import { describe, expect, it } from 'vitest';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const finalized = { metadata: 'finalizers: [resources-finalizer.argocd.argoproj.io]' };
const documents = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`apps/${name}.yaml`, applicationYaml(name, 'web', 'dev', finalized)]));
const without = (names: readonly string[]): Record<string, null> =>
  Object.fromEntries(names.map((name) => [`apps/${name}.yaml`, null]));

const filled = async () => {
  const stack = await createMemoryStack();
  await stack.push({ ...documents(NAMES), 'web/config.yaml': configMapYaml('web', 'one') });
  await stack.settle();
  const live = () => NAMES.filter((name) => stack.clusters.dev.objects.has(`/ConfigMap/${name}/web`));
  expect(live()).toEqual(NAMES);
  return { ...stack, live };
};

describe('applications that are gone from Git', () => {
  it('go at once while they are few', async () => {
    const stack = await filled();
    await stack.push(without(['a', 'b', 'c']));
    await stack.settle(60);
    expect(stack.live()).toEqual(['d', 'e', 'f']);
    expect([...stack.applications.rows.keys()]).toEqual(['argocd/d', 'argocd/e', 'argocd/f']);
  });

  it('stay where they are many, say so on the commit, and go once somebody approves', async () => {
    const stack = await filled();
    const commit = await stack.push(without(['a', 'b', 'c', 'd']));
    await stack.settle(60);
    expect(stack.live()).toEqual(NAMES);
    const reason = '4 of 6 applications of the fleet would go at once: approve it, or put them back';
    expect(stack.applications.rows.get('argocd/a')).toMatchObject({ removed: true, waiting: reason });
    const rollout = [...stack.rollouts.rows.values()].find((one) => one.commit === commit);
    expect(rollout?.problems).toEqual([
      { severity: 'warning', text: `${reason} (towline app approve-removal argocd/a --all)` },
    ]);
    // A later push does not let them slip through.
    await stack.push({ 'README.md': 'x' });
    await stack.settle(60);
    expect(stack.live()).toEqual(NAMES);

    expect(await stack.control.approveRemoval('argocd/b')).toEqual({ applications: ['argocd/b'] });
    await stack.settle(60);
    expect(stack.live()).toEqual(['a', 'c', 'd', 'e', 'f']);
    expect(await stack.control.approveRemoval('argocd/a', { all: true })).toEqual({
      applications: ['argocd/a', 'argocd/c', 'argocd/d'],
    });
    await stack.settle(60);
    expect(stack.live()).toEqual(['e', 'f']);
  });

  it('are as before once they are put back', async () => {
    const stack = await filled();
    await stack.push(without(['a', 'b', 'c', 'd']));
    await stack.settle();
    const commit = await stack.push(documents(['a', 'b', 'c', 'd']));
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('success');
    const row = stack.applications.rows.get('argocd/a');
    for (const field of ['removed', 'removalWaits', 'waiting']) expect(row).not.toHaveProperty(field);
    await expect(stack.control.approveRemoval('argocd/a')).rejects.toMatchObject({ code: 'removal-not-waiting' });
    await expect(stack.control.approveRemoval('argocd/x')).rejects.toMatchObject({ code: 'application-unknown' });
  });

  it('are never approved for less than what was shown', async () => {
    const stack = await filled();
    await stack.push(without(['a', 'b', 'c', 'd']));
    await stack.settle();
    await stack.push(documents(['c']));
    await stack.settle();
    expect(await stack.control.approveRemoval('argocd/a', { all: true })).toEqual({
      applications: ['argocd/a', 'argocd/b', 'argocd/d'],
    });
    await stack.settle(60);
    expect(stack.live()).toEqual(['c', 'e', 'f']);
  });
});
