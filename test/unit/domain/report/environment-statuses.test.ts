import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeEnvironment, rolloutStatuses } from '../../../../src/domain/report/environment-statuses.ts';
import type { ApplicationFailure, EnvironmentSummary, RolloutSummary } from '../../../../src/domain/report/summary.ts';

const counts = (given: Partial<EnvironmentSummary>): EnvironmentSummary => {
  const groups = { synced: 0, progressing: 0, failed: 0, waiting: 0, superseded: 0, ...given };
  const total = groups.synced + groups.progressing + groups.failed + groups.waiting + groups.superseded;
  return { name: 'prod', total, ...groups };
};

const failure = (given: Partial<ApplicationFailure> = {}): ApplicationFailure => ({
  application: 'karpenter',
  cluster: 'eu-1',
  environment: 'prod',
  message: 'path "apps/karpenter" does not exist',
  ...given,
});

const summary = (given: Partial<RolloutSummary>): RolloutSummary => ({
  rolloutId: 'r1',
  repository: 'https://github.com/acme/fleet',
  ref: 'refs/heads/main',
  commit: 'a'.repeat(40),
  url: 'https://towline.example.com/rollouts/r1',
  environments: [],
  rendering: { total: 0, rendered: 0, failed: 0, superseded: 0 },
  failures: [],
  state: 'running',
  ...given,
});

describe('describeEnvironment', () => {
  it.each([
    [{}, 'success', 'no applications affected'],
    [{ synced: 40 }, 'success', '40/40 synced'],
    [{ synced: 38, waiting: 2 }, 'success', '38/40 synced · 2 waiting for a person'],
    [{ synced: 1, progressing: 2 }, 'running', 'rolling out to 3 applications'],
    [{ synced: 1, superseded: 2 }, 'canceled', '1/3 synced · 2 superseded by a newer commit'],
  ])('%j: %s, %s', (given, state, description) => {
    expect(describeEnvironment(counts(given), undefined)).toMatchObject({ state, description });
  });

  it('a failure names its application, cluster and cause', () => {
    expect(describeEnvironment(counts({ synced: 39, failed: 1 }), failure())).toEqual({
      state: 'failure',
      description: '39/40 synced · 1 failed: karpenter@eu-1: path "apps/karpenter" does not exist',
    });
  });

  it('a failure while others progress is not the end', () => {
    const status = describeEnvironment(counts({ progressing: 1, failed: 1 }), failure());
    expect(status).toEqual({ state: 'running', description: 'rolling out to 2 applications' });
  });

  it('a document that failed fails an environment without applications', () => {
    const document = failure({ application: '', cluster: '', message: 'apps/web.yaml:3: spec.project is missing' });
    expect(describeEnvironment(counts({}), document)).toEqual({
      state: 'failure',
      description: 'apps/web.yaml:3: spec.project is missing',
    });
  });

  it('a failure that was not described is still a failure', () => {
    expect(describeEnvironment(counts({ failed: 2 }), undefined)).toEqual({
      state: 'failure',
      description: '0/2 synced · 2 failed',
    });
  });

  it.each([
    [
      0,
      '1/47 failed: karpenter@eu-1: namespace "kube-system" of cluster prod-eu-1 is not permitted in project payments',
    ],
    [
      20,
      `1/47 failed: namespace "kube-system" of cluster prod-eu-1 is not permitted in project payments${' x'.repeat(20)}`,
    ],
    [
      40,
      '1/47 failed: karpenter@eu-1: namespace "kube-system" of cluster prod-eu-1 is not permitted in project payments x x',
    ],
  ])('where not all fits (%i), the counts and then the names give way to the cause', (more, expected) => {
    const message = `namespace "kube-system" of cluster prod-eu-1 is not permitted in project payments${' x'.repeat(more)}`;
    const groups = counts({ synced: 39, waiting: 3, superseded: 4, failed: 1 });
    const { description } = describeEnvironment(groups, failure({ message }));
    expect(description.startsWith(expected)).toBe(true);
    expect(description.endsWith('…')).toBe(more === 40);
  });

  it('is one line of at most 140 characters without half characters, whatever a tool wrote', () => {
    const text = fc.string({ unit: 'binary', maxLength: 400 });
    const number = fc.nat(100_000);
    const groups = fc.record({
      synced: number,
      progressing: number,
      failed: number,
      waiting: number,
      superseded: number,
    });
    fc.assert(
      fc.property(groups, text, text, text, (given, application, cluster, message) => {
        const { description } = describeEnvironment(counts(given), failure({ application, cluster, message }));
        expect(description.length).toBeLessThanOrEqual(140);
        expect(description).not.toBe('');
        expect(message.isWellFormed() === false || description.isWellFormed()).toBe(true);
        expect(description).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 1_000 },
    );
  });
});

const SUPERSEDED = { state: 'canceled', description: 'superseded by a newer commit' };

describe('rolloutStatuses', () => {
  const two = [counts({ synced: 1 }), { ...counts({}), name: 'dev' }];
  it('tells every environment, also those that the change does not touch', () => {
    expect(rolloutStatuses(summary({ environments: two, state: 'success' })).slice(1)).toEqual([
      { context: 'towline/prod', state: 'success', description: '1/1 synced' },
      { context: 'towline/dev', state: 'success', description: 'no applications affected' },
    ]);
  });

  it('is pending until it is planned', () => {
    const statuses = rolloutStatuses(summary({ environments: two, state: 'pending' }));
    expect(statuses.map(({ state }) => state)).toEqual(['pending', 'pending', 'pending']);
  });

  it('a failure belongs to its environment; one of a document to all', () => {
    const failed = [counts({ failed: 1 }), { ...counts({ synced: 1 }), name: 'dev' }];
    const states = (environment: string) =>
      rolloutStatuses(summary({ environments: failed, failures: [failure({ environment })] }))
        .slice(1)
        .map(({ state }) => state);
    expect(states('prod')).toEqual(['failure', 'success']);
    expect(states('')).toEqual(['failure', 'failure']);
  });

  it('is canceled where a newer commit came before the plan', () => {
    const statuses = rolloutStatuses(summary({ environments: [counts({})], state: 'canceled' }));
    expect(statuses).toMatchObject([SUPERSEDED, SUPERSEDED]);
  });

  const document = failure({ application: '', cluster: '', environment: '', stage: 'compile', message: 'a.yaml:3: x' });
  const unrendered = failure({ stage: 'render', message: 'kustomization.yaml:4: no such file' });
  const rendering = (given: Partial<RolloutSummary['rendering']>): Partial<RolloutSummary> => ({
    rendering: { total: 3, rendered: 0, failed: 0, superseded: 0, ...given },
  });
  it.each<[string, Partial<RolloutSummary>, string, string]>([
    ['nothing is affected', { state: 'success' }, 'success', 'no applications affected'],
    ['some render', rendering({ rendered: 2 }), 'pending', 'rendering'],
    [
      'one failed, another renders',
      { ...rendering({ rendered: 1, failed: 1 }), failures: [unrendered] },
      'pending',
      'rendering',
    ],
    ['all are rendered', rendering({ rendered: 3 }), 'success', '3 applications rendered'],
    ['a sync failed', { ...rendering({ rendered: 3 }), failures: [failure()] }, 'success', '3 applications rendered'],
    [
      'one failed',
      { ...rendering({ rendered: 2, failed: 1 }), failures: [failure(), unrendered] },
      'failure',
      '1/3 not rendered: karpenter@eu-1: kustomization.yaml:4: no such file',
    ],
    ['a document is broken', { failures: [document], state: 'failure' }, 'failure', 'a.yaml:3: x'],
    ['some gave way', rendering({ rendered: 1, superseded: 2 }), 'canceled', 'superseded by a newer commit'],
    ['it is planned', { state: 'pending' }, 'pending', 'planning'],
  ])('towline/render where %s', (_name, given, state, description) => {
    expect(rolloutStatuses(summary(given))).toEqual([{ context: 'towline/render', state, description }]);
  });

  it.each(['render', 'policy'])('an environment %s keeps out of that context', (name) => {
    const contexts = rolloutStatuses(summary({ environments: [{ ...counts({}), name }] })).map(
      ({ context }) => context,
    );
    expect(contexts).toEqual(['towline/render', `towline/environment-${name}`]);
  });
});
