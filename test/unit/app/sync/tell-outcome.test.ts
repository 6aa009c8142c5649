import { describe, expect, it } from 'vitest';
import { transient } from '../../../../src/domain/errors.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

const web = { 'apps/web.yaml': applicationYaml('web', 'web', 'dev'), 'web/x.yaml': configMapYaml('web', 'one') };

describe('telling an outcome', () => {
  it('is one write with what the row became', async () => {
    const stack = await createMemoryStack();
    const versions: number[] = [];
    const { record } = stack.outcomes;
    stack.outcomes.record = (outcome) => {
      versions.push(stack.applications.rows.get(outcome.application)?.version ?? 0);
      return record(outcome);
    };
    await stack.push(web);
    await stack.settle();
    const row = stack.applications.rows.get('argocd/web');
    expect(row).toMatchObject({ told: { phase: 'healthy' }, applied: { generation: 1 } });
    expect(row?.version).toBe((versions.at(-1) ?? 0) + 1);
    expect([row?.lease, row?.due]).toEqual([undefined, undefined]);
  });

  it('leaves the row to whoever takes it meanwhile', async () => {
    const stack = await createMemoryStack();
    const { record } = stack.outcomes;
    stack.outcomes.record = async (outcome) => {
      await record(outcome);
      const row = stack.applications.rows.get(outcome.application) ?? expect.fail('no row');
      if (outcome.phase !== 'healthy') return;
      // Another worker, which dies there.
      const until = stack.time.now + 150_000;
      await stack.applications.save({ ...row, lease: { owner: 'other', until }, fence: row.fence + 1, due: until });
    };
    await stack.push(web);
    await stack.settle();
    const left = stack.applications.rows.get('argocd/web');
    expect(left).toMatchObject({ lease: { owner: 'other' } });
    expect(left?.due).toBe(left?.lease?.until);
  });

  it('that fails keeps what was done, and is made up for by schedule', async () => {
    const stack = await createMemoryStack();
    const { record } = stack.outcomes;
    stack.outcomes.record = () => Promise.reject(transient('store-unreachable', 'no answer'));
    const commit = await stack.push(web);
    await stack.settle();
    const untold = stack.applications.rows.get('argocd/web');
    expect(untold).toMatchObject({ applied: { generation: 1 }, due: expect.any(Number) });
    expect([untold?.told, untold?.lease]).toEqual([undefined, undefined]);
    stack.outcomes.record = record;
    stack.time.now = (untold?.due ?? 0) + 1;
    await stack.sweep();
    await stack.settle();
    expect(stack.applications.rows.get('argocd/web')).toMatchObject({ told: { phase: 'healthy' } });
    expect(stack.applications.rows.get('argocd/web')?.due).toBeUndefined();
    expect(stack.statusOf(commit)).toMatchObject({ 'towline/dev': ['success', '1/1 synced'] });
  });
});
