import { describe, expect, it } from 'vitest';
import { createCorrelation } from '../../../src/adapters/log/correlation.ts';
import { sweep } from '../../../src/app/sweep.ts';
import { applicationYaml, configMapYaml, createMemoryStack, MAIN, REPOSITORY } from '../../fakes/memory-stack.ts';

const DELIVERY = `${REPOSITORY} d-1`;
const files = {
  'apps/web.yaml': applicationYaml('web', 'web', 'dev'),
  'web/config.yaml': configMapYaml('web', 'one'),
};

/** A push of a delivery that was planned, whose messages were all lost after that. */
const lostAfterPlan = async () => {
  const stack = await createMemoryStack();
  await stack.push(files);
  stack.sent.changes.splice(0);
  const pushed = { delivery: DELIVERY, seenAt: stack.time.now - 3_000 };
  await stack.handlers.changes({ version: 1, repository: REPOSITORY, ref: MAIN, cause: 'push', ...pushed });
  for (const queue of ['renders', 'syncs', 'reports'] as const) stack.sent[queue].splice(0);
  return stack;
};

/** Sweeps once; answers with the id that each message was sent under, by queue. */
const sweepOnce = async (stack: Awaited<ReturnType<typeof createMemoryStack>>) => {
  const correlation = createCorrelation();
  const ids: [string, string | undefined][] = [];
  const note = (queue: string) => (messages: readonly object[]) => {
    ids.push(...messages.map((): [string, string | undefined] => [queue, correlation.current()]));
    return Promise.resolve();
  };
  const queues = { changes: note('changes'), renders: note('renders'), syncs: note('syncs'), reports: note('reports') };
  await sweep({ ...stack, queues, correlation, clock: () => stack.time.now })();
  return ids;
};

describe('what the sweep sends again', () => {
  it('is sent under the delivery that it comes of, as its rows tell', async () => {
    const stack = await lostAfterPlan();
    stack.time.now += 11 * 60_000;
    expect((await sweepOnce(stack)).toSorted()).toEqual([
      ['reports', DELIVERY],
      ['syncs', DELIVERY],
    ]);
  });

  it('is sent under the delivery too where the plan died, by which the next one is found', async () => {
    const stack = await createMemoryStack();
    await stack.push(files);
    stack.sent.changes.splice(0);
    await stack.refs.save({
      id: `${REPOSITORY}#${MAIN}`,
      version: 0,
      repository: REPOSITORY,
      ref: MAIN,
      requested: 1,
      hinted: [],
      generation: 0,
      origin: { delivery: DELIVERY },
      due: stack.time.now,
    });
    expect(await sweepOnce(stack)).toEqual([['changes', DELIVERY]]);
  });

  it('is no push’s doing any more once its application is at rest', async () => {
    const stack = await lostAfterPlan();
    stack.time.now += 2 * 60_000;
    await stack.sweep();
    await stack.settle();
    const row = await stack.applications.get('argocd/web');
    expect(row?.told?.phase).toBe('healthy');
    // As a comparison at rest is.
    if (row) await stack.applications.save({ ...row, due: stack.time.now });
    expect(await sweepOnce(stack)).toEqual([['syncs', undefined]]);
  });
});

describe('the time from a push to its applications', () => {
  it('is told from when the push was seen, of the push alone', async () => {
    const stack = await lostAfterPlan();
    const seenAt = stack.time.now - 3_000;
    stack.time.now += 2 * 60_000;
    await stack.sweep();
    await stack.settle();
    const told = stack.events.seen.filter((event) => event.event === 'application' && event.phase === 'healthy');
    expect(told).toMatchObject([{ application: 'argocd/web', seenAt }]);
    await stack.control.sync('argocd/web', {});
    await stack.settle();
    const again = stack.events.seen
      .filter((event) => event.event === 'application' && event.phase === 'healthy')
      .at(-1);
    expect(again).not.toHaveProperty('seenAt');
  });
});
