import { expect, it } from 'vitest';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

it('leaves the due date of whoever takes the row while its outcome is told', async () => {
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
  await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev'),
    'web/x.yaml': configMapYaml('web', 'one'),
  });
  await stack.settle();
  const left = stack.applications.rows.get('argocd/web');
  expect(left).toMatchObject({ told: { phase: 'healthy' }, lease: { owner: 'other' } });
  expect(left?.due).toBe(left?.lease?.until);
});
