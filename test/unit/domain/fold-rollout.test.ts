import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rolloutEnded, summarizeRollout, withLapsed } from '../../../src/domain/fold-rollout.ts';
import type { Outcome, OutcomePhase, Rollout } from '../../../src/domain/rollout.ts';

const PHASES: OutcomePhase[] = ['planned', 'rendered', 'applied', 'healthy', 'failed', 'superseded', 'waiting'];

const rollout = (more: Partial<Rollout> = {}): Rollout => ({
  id: 'r1',
  version: 1,
  repository: 'https://git.example.com/acme/fleet',
  ref: 'refs/heads/main',
  commit: 'c1',
  cause: 'push',
  generation: 1,
  createdAt: 0,
  state: 'running',
  applications: ['web', 'api', 'worker'].map((name, index) => ({
    application: name,
    environment: index < 2 ? 'dev' : 'prod',
    cluster: 'one',
    reason: 'changed',
  })),
  environments: ['dev', 'prod', 'test'],
  problems: [],
  sent: {},
  attempt: 1,
  ...more,
});

const outcome = (application: string, phase: OutcomePhase, message?: string): Outcome => ({
  rollout: 'r1',
  application,
  environment: 'dev',
  cluster: 'one',
  phase,
  times: {},
  sequence: 1,
  ...(message ? { message } : {}),
});

const summarize = (outcomes: Outcome[], more: Partial<Rollout> = {}) =>
  summarizeRollout(rollout(more), outcomes, 'https://page');

describe('folding a rollout', () => {
  it('counts by environment, also where nothing is affected', () => {
    const { environments, state } = summarize([outcome('web', 'healthy'), outcome('api', 'applied')]);
    expect(environments).toEqual([
      { name: 'dev', total: 2, synced: 1, progressing: 1, failed: 0, waiting: 0, superseded: 0 },
      { name: 'prod', total: 1, synced: 0, progressing: 1, failed: 0, waiting: 0, superseded: 0 },
      { name: 'test', total: 0, synced: 0, progressing: 0, failed: 0, waiting: 0, superseded: 0 },
    ]);
    expect(state).toBe('running');
  });

  it.each([
    ['all healthy', ['healthy', 'healthy', 'healthy'], 'success'],
    ['one waits for a person', ['healthy', 'waiting', 'healthy'], 'success'],
    ['one failed', ['healthy', 'failed', 'healthy'], 'failure'],
    ['one superseded', ['healthy', 'superseded', 'healthy'], 'canceled'],
    ['one failed, one superseded', ['failed', 'superseded', 'healthy'], 'failure'],
    ['one still applied', ['failed', 'applied', 'healthy'], 'running'],
  ] as const)('%s: %s → %s', (_name, phases, state) => {
    const outcomes = ['web', 'api', 'worker'].map((name, index) => outcome(name, phases[index] ?? 'planned'));
    expect(summarize(outcomes).state).toBe(state);
    expect(rolloutEnded(rollout(), outcomes)).toBe(state !== 'running');
  });

  it('is pending while it is planned', () => {
    expect(summarize([], { state: 'planning' }).state).toBe('pending');
    expect(rolloutEnded(rollout({ state: 'planning' }), [])).toBe(false);
  });

  it('fails where a document could not be compiled', () => {
    const problems = [{ severity: 'error' as const, text: 'apps/web.yaml:3: spec.project: …' }];
    const { state, failures } = summarize([], { applications: [], problems });
    expect(state).toBe('failure');
    expect(failures).toEqual([
      { application: '', cluster: '', environment: '', message: 'apps/web.yaml:3: spec.project: …', stage: 'compile' },
    ]);
  });

  it('goes on with what the newer rollout that took over did not plan anew', () => {
    const superseded = rollout({ supersededBy: 'r2' });
    const outcomes = [outcome('web', 'superseded'), outcome('api', 'applied'), outcome('worker', 'superseded')];
    expect(rolloutEnded(superseded, outcomes)).toBe(false);
    expect(summarize(outcomes, superseded).state).toBe('running');
    const ended = outcomes.with(1, outcome('api', 'healthy'));
    expect(rolloutEnded(superseded, ended)).toBe(true);
    expect(summarize(ended, superseded).state).toBe('canceled');
  });

  it('waits 10 minutes for applications that never say a word once a newer rollout took over', () => {
    const superseded = rollout({ supersededBy: 'r2', plannedAt: 1_000 });
    const at = (now: number) => rolloutEnded(superseded, withLapsed(superseded, [outcome('web', 'healthy')], now));
    expect(at(601_000)).toBe(false);
    expect(at(601_001)).toBe(true);
    const applied = withLapsed(superseded, [outcome('web', 'applied')], 601_001);
    expect(rolloutEnded(superseded, applied)).toBe(false);
    expect(withLapsed(rollout(), [], 601_001)).toEqual([]);
  });

  it('is the same whatever the order of the outcomes and however often each came', () => {
    const outcomes = fc.tuple(
      ...['web', 'api', 'worker'].map((name) => fc.constantFrom(...PHASES).map((phase) => outcome(name, phase))),
    );
    fc.assert(
      fc.property(outcomes, fc.array(fc.nat({ max: 2 })), (all, repeats) => {
        const shuffled = [
          ...repeats.map((index) => all[index]).filter((one) => one !== undefined),
          ...all.toReversed(),
        ];
        expect(summarize(shuffled)).toEqual({ ...summarize(all) });
      }),
    );
  });
});
