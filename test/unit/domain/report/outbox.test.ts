import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rolloutEnded, summarizeRollout } from '../../../../src/domain/fold-rollout.ts';
import { afterFailure, dueStatuses, nextEditAt } from '../../../../src/domain/report/outbox.ts';
import type { Outcome, OutcomePhase, Rollout } from '../../../../src/domain/rollout.ts';

const PHASES: OutcomePhase[] = ['planned', 'rendered', 'applied', 'healthy', 'failed', 'superseded', 'waiting'];

const rollout = (given: Partial<Rollout> = {}): Rollout => ({
  id: 'r1',
  version: 1,
  repository: 'https://github.com/acme/fleet',
  ref: 'refs/heads/main',
  commit: 'c'.repeat(40),
  cause: 'push',
  generation: 1,
  createdAt: 0,
  state: 'running',
  applications: ['a', 'b', 'c'].map((application) => ({
    application,
    environment: application === 'c' ? 'prod' : 'dev',
    cluster: 'one',
    reason: '',
  })),
  environments: ['dev', 'prod'],
  problems: [],
  sent: {},
  attempt: 1,
  ...given,
});

const outcome = fc.record({
  application: fc.constantFrom('a', 'b', 'c', 'unplanned'),
  phase: fc.constantFrom(...PHASES),
  sequence: fc.nat(30),
});
const outcomes = fc.array(outcome, { maxLength: 40 });

/** What the table keeps: of each application the newest. */
const kept = (all: readonly { application: string; phase: OutcomePhase; sequence: number }[]): Outcome[] => {
  const newest = new Map<string, Outcome>();
  for (const one of all) {
    const known = newest.get(one.application);
    if (known && known.sequence > one.sequence) continue;
    newest.set(one.application, { rollout: 'r1', environment: '', cluster: '', times: {}, ...one });
  }
  return [...newest.values()];
};

describe('folding', () => {
  it('is the same whatever the order and the number of times that outcomes come in', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(outcome, {
          maxLength: 40,
          selector: ({ application, sequence }) => `${application} ${sequence}`,
        }),
        fc.infiniteStream(fc.nat()),
        (all, random) => {
          const shuffled = [...all, ...all]
            .map((one) => ({ one, at: random.next().value }))
            .toSorted((a, b) => a.at - b.at)
            .map(({ one }) => one);
          const fold = (some: typeof all) => {
            const stored = kept(some);
            return [summarizeRollout(rollout(), stored, 'u'), rolloutEnded(rollout(), stored)];
          };
          expect(fold(shuffled)).toEqual(fold(all));
        },
      ),
    );
  });

  it('counts every planned application in exactly one group', () => {
    fc.assert(
      fc.property(outcomes, (all) => {
        for (const one of summarizeRollout(rollout(), kept(all), 'u').environments) {
          expect(one.synced + one.progressing + one.failed + one.waiting + one.superseded).toBe(one.total);
        }
      }),
    );
  });
});

describe('dueStatuses', () => {
  it('tells each state of a context at most once in an attempt, only ever later ones, and always how it ended', () => {
    const RANK: Record<string, number> = { pending: 0, running: 1, failure: 2, canceled: 2, success: 3 };
    const steps = fc.array(fc.tuple(outcomes, fc.nat(20_000)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(steps, fc.constantFrom(...PHASES.slice(3)), (all, last) => {
        let row = rollout({ state: 'planning' });
        let now = 0;
        const told: { context: string; state: string; attempt: number }[] = [];
        const tell = (stored: Outcome[]): void => {
          for (const { context, state, description, waiting } of dueStatuses(
            row,
            summarizeRollout(row, stored, 'u'),
            now,
          )) {
            const attempt = row.sent[context]?.waiting ? row.attempt + 1 : row.attempt;
            told.push({ context, state, attempt });
            const sent = { ...row.sent, [context]: { state, description, ...(waiting ? { waiting } : {}) } };
            row = { ...row, sent, attempt, lastReportAt: now };
          }
        };
        tell([]);
        row = { ...row, state: 'running' };
        for (const [some, elapsed] of all) {
          now += elapsed;
          tell(kept(some));
        }
        tell(['a', 'b', 'c'].map((application) => kept([{ application, phase: last, sequence: 99 }])[0] as Outcome));
        for (const [, ofContext] of Map.groupBy(told, ({ context }) => context)) {
          expect(ofContext[0]?.state).toBe('pending');
          expect(RANK[ofContext.at(-1)?.state ?? '']).toBeGreaterThanOrEqual(2);
          for (const [, ofAttempt] of Map.groupBy(ofContext, ({ attempt }) => attempt)) {
            const ranks = ofAttempt.map(({ state }) => RANK[state] ?? -1);
            for (const [index, rank] of ranks.slice(1).entries()) expect(rank).toBeGreaterThan(ranks[index] ?? 9);
          }
        }
      }),
    );
  });

  it('says that it runs once 15 seconds have gone by, and what a person was waited for as another attempt', () => {
    const running = summarizeRollout(rollout(), [], 'u');
    const sent = {
      'towline/render': { state: 'pending', description: '' },
      'towline/dev': { state: 'pending', description: '' },
      'towline/prod': { state: 'pending', description: '' },
    };
    const opened = rollout({ sent, lastReportAt: 0 });
    expect(dueStatuses(opened, running, 14_999)).toEqual([]);
    expect(dueStatuses(opened, running, 15_000)).toEqual([
      { context: 'towline/dev', state: 'running', description: 'rolling out to 2 applications' },
      { context: 'towline/prod', state: 'running', description: 'rolling out to 1 application' },
    ]);
  });
});

describe('afterFailure', () => {
  it.each([
    [0, undefined, 5_000],
    [1, undefined, 10_000],
    [5, undefined, 160_000],
    [6, undefined, 300_000],
    [500, undefined, 300_000],
    [0, 120, 120_000],
    [8, 1, 300_000],
    [0, 3_600, 3_600_000],
  ])('after %i failures, asked to wait %s seconds: %i ms', (failures, retryAfterSeconds, wait) => {
    const before = failures === 0 ? undefined : { failures, retryAt: 0, code: 'x' };
    expect(afterFailure(before, { code: 'forge-rate-limited', retryAfterSeconds }, 1_000)).toEqual({
      failures: failures + 1,
      retryAt: 1_000 + wait,
      code: 'forge-rate-limited',
    });
  });

  it('remembers that an answer may have been lost, until something is heard', () => {
    const lost = afterFailure(undefined, { code: 'forge-unreachable' }, 0);
    expect(lost.unsure).toBe(true);
    expect(afterFailure(lost, { code: 'forge-rate-limited' }, 0).unsure).toBe(true);
    expect(afterFailure(undefined, { code: 'forge-unreachable', details: { heldOff: true } }, 0)).not.toHaveProperty(
      'unsure',
    );
  });
});

describe('nextEditAt', () => {
  const slack = (at: number, edits: number) => ({ channel: 'C1', ts: '1', digest: '', at, edits });
  it('is at once where there is no message, then 3 seconds apart and more, and never after the 29th but at the end', () => {
    expect(nextEditAt({ createdAt: 0, message: undefined }, { ended: false })).toBe(0);
    expect(nextEditAt({ createdAt: 0, message: slack(1_000, 0) }, { ended: false })).toBe(4_000);
    expect(nextEditAt({ createdAt: 0, message: slack(1_000, 0) }, { ended: true })).toBe(0);
    expect(nextEditAt({ createdAt: 0, message: slack(100_000, 9) }, { ended: false })).toBe(120_000);
    expect(nextEditAt({ createdAt: 0, message: slack(100_000, 9) }, { ended: true })).toBe(103_000);
    expect(nextEditAt({ createdAt: 0, message: slack(100_000, 29) }, { ended: false })).toBe(Number.POSITIVE_INFINITY);
    expect(nextEditAt({ createdAt: 0, message: slack(100_000, 29) }, { ended: true })).toBe(103_000);
  });
});
