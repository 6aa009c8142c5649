import { describe, expect, it } from 'vitest';
import { dueDeployments } from '../../../../src/domain/report/deployments.ts';
import type { EnvironmentSummary, RolloutSummary } from '../../../../src/domain/report/summary.ts';
import type { Rollout, SentDeployment } from '../../../../src/domain/rollout.ts';

const rollout: Rollout = {
  id: 'r1',
  version: 1,
  repository: 'https://github.com/acme/fleet',
  ref: 'refs/heads/main',
  commit: 'c'.repeat(40),
  cause: 'push',
  generation: 1,
  createdAt: 0,
  state: 'running',
  applications: [],
  environments: ['prod'],
  problems: [],
  sent: {},
  attempt: 2,
};

const NONE = { total: 0, synced: 0, progressing: 0, failed: 0, waiting: 0, superseded: 0 };

const summaryOf = (counts: Partial<EnvironmentSummary>): RolloutSummary => ({
  rolloutId: 'r1',
  repository: rollout.repository,
  ref: rollout.ref,
  commit: rollout.commit,
  url: 'https://towline.example.com/rollouts/r1',
  environments: [{ ...NONE, name: 'prod', ...counts }],
  rendering: { total: 3, rendered: 3, failed: 0, superseded: 0 },
  failures: [],
  state: 'running',
});

const due = (counts: Partial<EnvironmentSummary>, sent?: SentDeployment): string[] => {
  const known = { ...rollout, ...(sent ? { deployments: { prod: sent } } : {}) };
  return dueDeployments(known, summaryOf(counts), { deployments: true }).map(({ state }) => state);
};

describe('a deployment', () => {
  it.each([
    ['runs', { total: 3, synced: 1, progressing: 2 }, 'in_progress'],
    ['succeeded', { total: 3, synced: 3 }, 'success'],
    ['failed', { total: 3, synced: 2, failed: 1 }, 'failure'],
    ['waits for a person', { total: 3, synced: 2, waiting: 1 }, 'queued'],
  ] as const)('that %s', (_, counts, state) => {
    expect(due(counts)).toEqual([state]);
  });

  it('of an environment that the change does not affect is none', () => {
    expect(due({})).toEqual([]);
  });

  it('that a newer commit took over is inactive, where it was ever told', () => {
    const counts = { total: 3, superseded: 3 };
    expect(due(counts)).toEqual([]);
    expect(due(counts, { id: 1, state: 'in_progress', attempt: 2 })).toEqual(['inactive']);
  });

  it.each([
    ['in_progress', { total: 1, progressing: 1 }],
    ['queued', { total: 1, progressing: 1 }],
    ['success', { total: 1, failed: 1 }],
    ['inactive', { total: 1, failed: 1 }],
    ['failure', { total: 1, failed: 1 }],
  ] as const)('never goes back from %s', (state, counts) => {
    expect(due(counts, { id: 1, state, attempt: 2 })).toEqual([]);
  });

  it('is told anew in another attempt', () => {
    expect(due({ total: 1, progressing: 1 }, { id: 1, state: 'failure', attempt: 1 })).toEqual(['in_progress']);
    expect(due({ total: 1, synced: 1 }, { id: 1, state: 'failure', attempt: 2 })).toEqual(['success']);
  });

  it('that the forge refused is left', () => {
    expect(due({ total: 1, synced: 1 }, { attempt: 2, refused: 'forge-denied' })).toEqual([]);
  });

  it('says whether it replaces what was there', () => {
    const told = (row: Partial<Rollout>) =>
      dueDeployments({ ...rollout, ...row }, summaryOf({ total: 1, synced: 1 }), {
        deployments: { prod: { production: true } },
      });
    expect(told({})).toMatchObject([{ replacesEarlier: true, production: true }]);
    expect(told({ supersededBy: 'r2' })).toMatchObject([{ replacesEarlier: false }]);
    expect(told({ generation: 0 })).toEqual([]);
  });
});
