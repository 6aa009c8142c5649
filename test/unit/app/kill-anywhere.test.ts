import { describe, expect, it } from 'vitest';
import type { KillSwitch } from '../../fakes/kill-switch.ts';
import { applicationYaml, configMapYaml, createMemoryStack, MAIN, REPOSITORY } from '../../fakes/memory-stack.ts';

const before = {
  'apps/web-dev.yaml': applicationYaml('web-dev', 'web', 'dev'),
  'apps/web-prod.yaml': applicationYaml('web-prod', 'web', 'prod'),
  'web/config.yaml': configMapYaml('web', 'one'),
  'web/extra.yaml': configMapYaml('extra', 'one'),
};
/** The push under test changes, adds and removes an object. */
const change = {
  'web/config.yaml': configMapYaml('web', 'two'),
  'web/added.yaml': configMapYaml('added', 'two'),
  'web/extra.yaml': null,
};

/** One push with the process killed at a call, then started again with empty queues until all is quiet. */
const run = async (at: number, mode: KillSwitch['mode'], cacheLost: boolean) => {
  const kill: KillSwitch = { calls: 0, at: 0, mode, dead: false };
  const stack = await createMemoryStack(undefined, kill);
  await stack.push(before);
  await stack.settle();
  const commit = stack.repository.commit(MAIN, change);
  // The delivery's row is what webhook wrote before its 202; the message may be lost with the process.
  await stack.deliveries.save({
    id: 'd1',
    version: 0,
    due: stack.time.now + 60_000,
    state: 'received',
    repository: REPOSITORY,
    ref: MAIN,
    commit,
    cause: 'push',
    receivedAt: stack.time.now,
    expiresAt: 0,
  });
  Object.assign(kill, { calls: 0, at });
  await stack.queues
    .changes([{ version: 1, delivery: 'd1', repository: REPOSITORY, ref: MAIN, cause: 'push', commit }])
    .then(() => stack.settle())
    .catch(() => undefined);
  const calls = kill.calls;
  for (let starts = 0; starts < 12; starts++) {
    Object.assign(kill, { dead: false, at: 0 });
    for (const queue of Object.values(stack.sent)) queue.splice(0);
    if (cacheLost) stack.blobs.blobs.clear();
    // Longer than any lease, as in AWS; the local stack voids leases instead.
    stack.time.now += 200_000;
    await stack.sweep();
    await stack.settle();
  }
  return { stack, commit, calls };
};

const check = ({ stack, commit }: Awaited<ReturnType<typeof run>>): void => {
  for (const [cluster, namespace] of [
    ['dev', 'web-dev'],
    ['prod', 'web-prod'],
  ] as const) {
    const object = (name: string) => stack.clusters[cluster].objects.get(`/ConfigMap/${namespace}/${name}`);
    expect(object('web')).toMatchObject({ data: { value: 'two' } });
    expect(object('added')).toBeDefined();
    expect(object('extra')).toBeUndefined();
  }
  expect(stack.statusOf(commit)).toEqual({
    'towline/render': ['success', '2 applications rendered'],
    'towline/dev': ['success', '1/1 synced'],
    'towline/prod': ['success', '1/1 synced'],
  });
  for (const table of [stack.applications, stack.refs, stack.rollouts, stack.renders, stack.deliveries]) {
    for (const row of table.rows.values()) expect(row, JSON.stringify(row)).not.toHaveProperty('due');
  }
};

describe('a process killed at any of its calls', () => {
  it.each([
    ['before', false],
    ['after', false],
    ['before', true],
    ['after', true],
  ] as const)(
    'finishes the push after it is started again (killed %s the effect; cache lost: %s)',
    async (mode, cacheLost) => {
      const { calls } = await run(0, mode, cacheLost);
      expect(calls).toBeGreaterThan(60);
      for (let at = 1; at <= calls; at++) {
        const result = await run(at, mode, cacheLost);
        try {
          check(result);
        } catch (error) {
          throw new Error(`killed ${mode} call ${at} of ${calls}`, { cause: error });
        }
      }
    },
    60_000,
  );
});
