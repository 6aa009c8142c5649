import { describe, expect, it } from 'vitest';
import { commitId, takeCommit } from '../../../src/domain/commit-row.ts';
import { voidCommitLeases, voidLeases } from '../../../src/local/void-leases.ts';
import { applicationYaml, configMapYaml, createMemoryStack, REPOSITORY } from '../../fakes/memory-stack.ts';

const fleet = { 'apps/web.yaml': applicationYaml('web', 'web', 'dev'), 'web/config.yaml': configMapYaml('web', 'one') };

describe('a start after a kill', () => {
  it('tells a commit whose reporter died without waiting for its lease', async () => {
    const stack = await createMemoryStack();
    const commit = await stack.push(fleet);
    const [change] = stack.sent.changes.splice(0);
    if (change) await stack.handlers.changes(change.message);
    const [rollout] = await stack.rollouts.getMany(await stack.rollouts.due(stack.time.now + 600_000, 10));
    const id = commitId(REPOSITORY, commit);
    const since = rollout?.createdAt ?? 0;
    const held = takeCommit(undefined, { id, rollout: rollout?.id ?? '', since, by: 'dead', now: stack.time.now });
    if (held.type === 'claimed') await stack.commits.save(held.row);
    const started = stack.time.now;
    await voidLeases([stack.refs, stack.applications, stack.rollouts], started);
    await voidCommitLeases(stack.rollouts, stack.commits, started);
    await stack.sweep();
    await stack.settle(10);
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('success');
    expect(stack.time.now - started).toBeLessThan(10_000);
  });
});
