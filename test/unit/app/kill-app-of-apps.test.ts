import { describe, expect, it } from 'vitest';
import type { KillSwitch } from '../../fakes/kill-switch.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../fakes/memory-stack.ts';

const FINALIZER = { metadata: 'finalizers: [resources-finalizer.argocd.argoproj.io]' };
const PARENT = applicationYaml('root', 'children', 'in-cluster', FINALIZER).replace(
  'namespace: root }',
  'namespace: argocd }',
);
const before = {
  'apps/root.yaml': PARENT,
  'children/stays.yaml': applicationYaml('stays', 'web', 'dev', FINALIZER),
  'children/goes.yaml': applicationYaml('goes', 'web', 'dev', FINALIZER),
  'web/config.yaml': configMapYaml('web', 'one'),
};
/** The push under test takes a child away and brings another. */
const change = {
  'children/goes.yaml': null,
  'children/comes.yaml': applicationYaml('comes', 'web', 'dev', FINALIZER),
};

/** That push with the process killed at a call, then started again with empty queues until all is quiet. */
const run = async (at: number, mode: KillSwitch['mode']) => {
  const kill: KillSwitch = { calls: 0, at: 0, mode, dead: false };
  const stack = await createMemoryStack(undefined, kill);
  await stack.push(before);
  await stack.settle(30);
  expect([...stack.applications.rows.keys()]).toHaveLength(3);
  const commit = await stack.push(change);
  const [hint] = stack.sent.changes.splice(0);
  Object.assign(kill, { calls: 0, at });
  const { message } = hint ?? {};
  const changes = () => stack.queues.changes(message ? [message] : []);
  await changes()
    .then(() => stack.settle(30))
    .catch(() => undefined);
  const calls = kill.calls;
  Object.assign(kill, { dead: false, at: 0 });
  for (const queue of Object.values(stack.sent)) queue.splice(0);
  // The webhook's message comes again until the plan has ended; from then on the rows alone tell what is outstanding.
  const isPlanned = [...stack.refs.rows.values()].every(({ head }) => head === commit);
  if (!isPlanned) await changes();
  for (let starts = 0; starts < 8 && (starts === 0 || outstanding(stack).length > 0); starts++) {
    // Longer than any lease, as in AWS; the local stack voids leases instead.
    stack.time.now += 200_000;
    await stack.sweep();
    await stack.settle(30);
  }
  return { stack, calls };
};

const outstanding = (stack: Awaited<ReturnType<typeof createMemoryStack>>) =>
  [stack.applications, stack.refs, stack.rollouts, stack.registrations].flatMap((table) =>
    [...table.rows.values()].filter(({ due }) => due !== undefined),
  );

/** One call in so many: together both ways of dying come by every call, and the machine's time is spared. */
const STRIDE = 2;

describe('a process killed while an application delivers others', () => {
  it.each([
    ['before', 1],
    ['after', 2],
  ] as const)(
    'brings and takes them all the same once it is started again (killed %s the effect)',
    async (mode, first) => {
      const { calls } = await run(0, mode);
      expect(calls).toBeGreaterThan(100);
      for (let at: number = first; at <= calls; at += STRIDE) {
        const { stack } = await run(at, mode);
        const what = `killed ${mode} call ${at} of ${calls}`;
        const live = ['stays', 'goes', 'comes'].map((name) => stack.clusters.dev.objects.has(`/ConfigMap/${name}/web`));
        expect(live, what).toEqual([true, false, true]);
        expect([...stack.applications.rows.keys()].sort(), what).toEqual([
          'argocd/comes',
          'argocd/root',
          'argocd/stays',
        ]);
        expect(outstanding(stack), what).toEqual([]);
      }
    },
    240_000,
  );
});
