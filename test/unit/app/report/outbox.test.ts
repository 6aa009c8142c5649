import { beforeEach, describe, expect, it } from 'vitest';
import { permanent, transient } from '../../../../src/domain/errors.ts';
import type { Rollout } from '../../../../src/domain/rollout.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

type Stack = Awaited<ReturnType<typeof createMemoryStack>>;

let stack: Stack;
beforeEach(async () => {
  stack = await createMemoryStack();
  await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev'),
    'apps/api.yaml': applicationYaml('api', 'api', 'prod'),
    'web/config.yaml': configMapYaml('web', 'one'),
    'api/config.yaml': configMapYaml('api', 'one'),
  });
  await stack.settle();
});

const value = (cluster: 'dev' | 'prod', name: string): unknown =>
  stack.clusters[cluster].objects.get(`/ConfigMap/${name}/${name}`)?.['data'];
const told = (commit: string) =>
  stack.statuses.filter((one) => one.commit === commit).map(({ context, state }) => `${context} ${state}`);
const rolloutOf = (commit: string): Rollout => {
  const found = [...stack.rollouts.rows.values()].find((row) => row.commit === commit);
  if (!found) throw new Error(`no rollout of ${commit}`);
  return found;
};
/** A minute's tick, so many times, as `schedule` has it. */
const minutes = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) {
    stack.time.now += 60_000;
    await stack.sweep();
    await stack.settle(20);
  }
};
const DOWN = transient('forge-unreachable', 'GitHub answered 503');
const EACH_ONCE = ['dev', 'prod', 'render'].flatMap((name) => [`towline/${name} pending`, `towline/${name} success`]);

describe('a forge that is down for an hour', () => {
  it('delays nothing else, and hears everything once when it is back', async () => {
    let tries = 0;
    stack.down.forge = () => {
      tries++;
      return DOWN;
    };
    const commits: string[] = [];
    for (let i = 0; i < 3; i++) {
      commits.push(await stack.push({ 'web/config.yaml': configMapYaml('web', `v${i}`) }));
      await stack.settle();
      expect(value('dev', 'web')).toEqual({ value: `v${i}` });
      expect(rolloutOf(commits[i] ?? '').state).toBe('success');
      expect(JSON.stringify(stack.chat.at(-1)?.message)).toContain('done');
      await minutes(20);
    }
    expect(commits.flatMap(told)).toEqual([]);
    // 3 rollouts, backing off to 5 minutes each.
    expect(tries).toBeLessThan(3 * 25);
    stack.down.forge = undefined;
    await minutes(6);
    for (const commit of commits) expect(told(commit).toSorted()).toEqual(EACH_ONCE);
    for (const row of stack.rollouts.rows.values()) expect(row.due, row.commit).toBeUndefined();
    const after = stack.statuses.length;
    await minutes(10);
    expect(stack.statuses.length).toBe(after);
  });

  it('is asked again when it said, not sooner', async () => {
    const at: number[] = [];
    stack.down.forge = () => {
      at.push(stack.time.now);
      return transient('forge-rate-limited', 'GitHub limits requests', { retryAfterSeconds: 120 });
    };
    const commit = await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    await minutes(5);
    stack.down.forge = undefined;
    await minutes(6);
    expect(told(commit).toSorted()).toEqual(EACH_ONCE);
    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(gaps.length).toBeGreaterThan(0);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(120_000);
  });

  it('is told the states of a commit in their order, also where it fails between two of them', async () => {
    let calls = 0;
    stack.down.forge = () => (++calls % 2 === 0 ? DOWN : undefined);
    const commit = await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    await minutes(20);
    expect(told(commit).toSorted()).toEqual(EACH_ONCE);
    for (const context of ['towline/dev', 'towline/prod']) {
      const states = told(commit).filter((one) => one.startsWith(context));
      expect(states).toEqual([`${context} pending`, `${context} success`]);
    }
  });

  it('that refuses for good holds up nothing and is not asked again', async () => {
    let tries = 0;
    stack.down.forge = () => {
      tries++;
      return permanent('forge-denied', 'GitHub answered 403: the token needs statuses: write');
    };
    const commit = await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    expect(rolloutOf(commit)).toMatchObject({ state: 'success', sent: { 'towline/dev': { refused: 'forge-denied' } } });
    expect(rolloutOf(commit).due).toBeUndefined();
    expect(tries).toBe(6);
    await minutes(10);
    expect(tries).toBe(6);
    expect(stack.chat.at(-1)?.message.text).toContain('done');
  });
});

describe('a chat that is down for an hour', () => {
  it('delays no status and no sync, and gets its message when it is back', async () => {
    stack.down.chat = () => transient('chat-unreachable', 'Slack did not answer');
    const before = stack.chat.length;
    const commit = await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    expect(told(commit).toSorted()).toEqual(EACH_ONCE);
    await minutes(60);
    expect(stack.chat.length).toBe(before);
    stack.down.chat = undefined;
    await minutes(6);
    expect(stack.chat.slice(before).map(({ message }) => message.text)).toEqual([expect.stringContaining('done')]);
    expect(rolloutOf(commit).due).toBeUndefined();
  });

  it('that refuses for good is left alone', async () => {
    let tries = 0;
    stack.down.chat = () => {
      tries++;
      return permanent('chat-channel-unknown', 'Slack answered channel_not_found');
    };
    const commit = await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    await minutes(10);
    expect(tries).toBe(1);
    expect(rolloutOf(commit)).toMatchObject({ state: 'success' });
    expect(rolloutOf(commit).due).toBeUndefined();
  });
});

describe('one commit, several reports', () => {
  it('a reporter that died after writing is not repeated', async () => {
    const save = stack.rollouts.save;
    const posted = stack.statuses.length;
    let died = false;
    stack.rollouts.save = (row) => {
      // The worker dies once the statuses are out and before it has written that down.
      if (!died && stack.statuses.length > posted) {
        died = true;
        stack.rollouts.save = () => Promise.reject(new Error('killed'));
        stack.commits.save = () => Promise.reject(new Error('killed'));
        return Promise.reject(new Error('killed'));
      }
      return save(row);
    };
    const keep = stack.commits.save;
    const commit = await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle().catch(() => undefined);
    expect(died).toBe(true);
    Object.assign(stack.rollouts, { save });
    Object.assign(stack.commits, { save: keep });
    for (const queue of Object.values(stack.sent)) queue.splice(0);
    await minutes(10);
    expect(told(commit).toSorted()).toEqual(EACH_ONCE);
  });

  it('an older rollout of the commit never writes after a newer one', async () => {
    const commit = await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    const older = rolloutOf(commit);
    await stack.rollouts.save({
      ...older,
      id: 'newer',
      version: 0,
      createdAt: older.createdAt + 1,
      state: 'running',
      sent: {},
    });
    await stack.queues.reports([{ version: 1, rollout: 'newer' }]);
    await stack.settle();
    const count = stack.statuses.length;
    const stored = stack.rollouts.rows.get(older.id);
    if (stored) await stack.rollouts.save({ ...stored, sent: {}, attempt: 2 });
    await stack.queues.reports([{ version: 1, rollout: older.id }]);
    await stack.settle();
    expect(stack.statuses.length).toBe(count);
    expect(stack.rollouts.rows.get(older.id)?.ceded).toBe(true);
  });

  it('two at once take turns', async () => {
    const commit = await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    const known = [...stack.commits.rows.values()].find(({ id }) => id.endsWith(commit));
    expect(known?.lease).toBeUndefined();
    const lease = { owner: 'another', until: stack.time.now + 10_000 };
    if (known) await stack.commits.save({ ...known, lease });
    const row = rolloutOf(commit);
    await stack.rollouts.save({ ...row, sent: {}, attempt: 2 });
    const count = stack.statuses.length;
    await stack.queues.reports([{ version: 1, rollout: row.id }]);
    await stack.settle(4);
    expect(stack.statuses.length).toBe(count);
    await stack.settle(20);
    // The other one never came back: what it may have written is looked for first.
    expect(stack.statuses.length).toBe(count);
    expect(rolloutOf(commit).sent['towline/dev']?.state).toBe('success');
  });

  it('news that come while a report is under way, after the end, are not lost', async () => {
    const commit = await stack.push({ 'web/config.yaml': 'apiVersion: v1\nkind: [\nmetadata: {}\n' });
    await stack.settle();
    const row = rolloutOf(commit);
    const busy = { ...row, lease: { owner: 'another', until: stack.time.now + 150_000 } };
    await stack.rollouts.save(busy);
    const failed = [...stack.outcomes.all.values()].find((one) => one.rollout === row.id && one.phase === 'failed');
    if (failed) await stack.outcomes.record({ ...failed, phase: 'healthy', sequence: failed.sequence + 1 });
    await stack.queues.reports([{ version: 1, rollout: row.id }]);
    await stack.settle(3);
    const stored = stack.rollouts.rows.get(row.id);
    const { lease: _lease, ...free } = stored ?? busy;
    await stack.rollouts.save(free);
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', '1/1 synced']);
  });
});
