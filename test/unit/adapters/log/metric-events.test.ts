import { describe, expect, it } from 'vitest';
import { createMetricEvents, metricsOf } from '../../../../src/adapters/log/metric-events.ts';
import type { TowlineEvent } from '../../../../src/ports/events.ts';

const at = 1_700_000_000_000;
const place = { repository: 'https://git.example.com/acme/a', ref: 'refs/heads/main', commit: 'c' };
const application = (more: Partial<TowlineEvent & { event: 'application' }>): TowlineEvent => ({
  event: 'application',
  at,
  rollout: 'r',
  application: 'argocd/web',
  environment: 'dev',
  cluster: 'dev',
  phase: 'healthy',
  health: 'Healthy',
  sync: 'Synced',
  ...more,
});
const render = { event: 'render', at, renderKey: 'k', milliseconds: 12, tool: 'helm' } as const;

describe('metrics', () => {
  it.each<[string, TowlineEvent, Record<string, number>]>([
    ['a change', { event: 'change', at, ...place, cause: 'push' }, { Changes: 1 }],
    ['a plan', { event: 'rollout', at, rollout: 'r', ...place, state: 'pending' }, { Plans: 1 }],
    ['a rollout under way', { event: 'rollout', at, rollout: 'r', ...place, state: 'running' }, {}],
    ['a failed rollout', { event: 'rollout', at, rollout: 'r', ...place, state: 'failure' }, { FailedRollouts: 1 }],
    ['a render', { ...render, ok: true }, { Renders: 1, RenderTime: 12 }],
    ['a failed render', { ...render, ok: false }, { FailedRenders: 1, RenderTime: 12 }],
    ['a sync', application({ plannedAt: at - 9_000, appliedAt: at - 2_000 }), { Syncs: 1, TimeToApplied: 7 }],
    [
      'a sync of a push',
      application({ seenAt: at - 10_500, plannedAt: at - 9_000, appliedAt: at - 2_000 }),
      { Syncs: 1, TimeToApplied: 7, PushToApplied: 8.5 },
    ],
    ['a sync on its way', application({ phase: 'applied', plannedAt: at, appliedAt: at }), {}],
    ['a failed sync', application({ phase: 'failed' }), { FailedSyncs: 1 }],
  ])('of %s', (_, event, values) => {
    expect(Object.fromEntries(metricsOf(event).map(({ name, value }) => [name, value]))).toEqual(values);
  });

  it('are lines that CloudWatch reads out of the log', () => {
    const lines: string[] = [];
    const events = createMetricEvents('towline-prod', (line) => lines.push(line));
    events.emit({ ...render, ok: true });
    events.emit(application({ phase: 'applied' }));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        _aws: {
          Timestamp: at,
          CloudWatchMetrics: [
            {
              Namespace: 'Towline',
              Dimensions: [['Stack']],
              Metrics: [
                { Name: 'Renders', Unit: 'Count' },
                { Name: 'RenderTime', Unit: 'Milliseconds' },
              ],
            },
          ],
        },
        Stack: 'towline-prod',
        Renders: 1,
        RenderTime: 12,
      },
    ]);
  });
});
