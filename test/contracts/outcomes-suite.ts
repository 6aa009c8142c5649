import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/domain/rollout.ts';
import type { Outcomes } from '../../src/ports/outcomes.ts';

const outcome = (sequence: number, phase: Outcome['phase'], application = 'argocd/web'): Outcome => ({
  rollout: 'r1',
  application,
  environment: 'dev',
  cluster: 'dev',
  phase,
  times: { [phase]: sequence },
  sequence,
});

/** What every `Outcomes` promises; run on the fake and on the real one. */
export const describeOutcomes = (name: string, open: () => Outcomes): void => {
  describe(`Outcomes: ${name}`, () => {
    it('keeps the newest outcome of an application whatever the order they come in', async () => {
      const outcomes = open();
      await outcomes.record(outcome(3, 'healthy'));
      await outcomes.record(outcome(2, 'applied'));
      await outcomes.record(outcome(1, 'failed', 'argocd/api'));
      await outcomes.record(outcome(4, 'healthy', 'argocd/api'));
      const found = await outcomes.list('r1');
      expect(found.map(({ application, phase }) => [application, phase]).toSorted()).toEqual([
        ['argocd/api', 'healthy'],
        ['argocd/web', 'healthy'],
      ]);
      expect(await outcomes.list('other')).toEqual([]);
    });

    it.each([
      ['healthy', 'superseded', 'healthy'],
      ['failed', 'superseded', 'failed'],
      ['waiting', 'superseded', 'waiting'],
      ['applied', 'superseded', 'superseded'],
      // A person asks for another attempt.
      ['failed', 'planned', 'planned'],
      ['superseded', 'planned', 'planned'],
    ] as const)('after %s, %s leaves %s', async (first, then, kept) => {
      const outcomes = open();
      const application = `argocd/${first}-${then}`;
      await outcomes.record(outcome(5, first, application));
      await outcomes.record(outcome(6, then, application));
      const found = (await outcomes.list('r1')).filter((one) => one.application === application);
      expect(found.map(({ phase }) => phase)).toEqual([kept]);
    });
  });
};
