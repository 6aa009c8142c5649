import { describe, expect, it } from 'vitest';
import { readSubscriptions, type Trigger } from '../../../../src/domain/fleet/subscriptions.ts';
import { subscribedChannels } from '../../../../src/domain/report/subscriptions.ts';
import type { Outcome } from '../../../../src/domain/rollout.ts';

const PREFIX = 'notifications.argoproj.io/subscribe';

describe('readSubscriptions', () => {
  it('reads the built-in triggers for Slack, several channels apart by semicolons', () => {
    expect(
      readSubscriptions({
        [`${PREFIX}.on-deployed.slack`]: 'deploys; #payments ;',
        [`${PREFIX}.on-sync-failed.slack`]: 'deploys',
        [`${PREFIX}.on-sync-failed.teams`]: 'elsewhere',
        [`${PREFIX}.on-my-own.slack`]: 'elsewhere',
        'argocd.argoproj.io/sync-wave': '1',
      }),
    ).toEqual({ 'on-deployed': ['deploys', 'payments'], 'on-sync-failed': ['deploys'] });
  });

  it('is nothing where nothing is asked for, and takes no name that Slack has not', () => {
    expect(readSubscriptions({})).toBeUndefined();
    expect(readSubscriptions({ [`${PREFIX}.on-deployed.slack`]: '<!channel>; ' })).toBeUndefined();
  });
});

describe('subscribedChannels', () => {
  const all: Trigger[] = [
    'on-created',
    'on-deleted',
    'on-deployed',
    'on-health-degraded',
    'on-sync-failed',
    'on-sync-running',
    'on-sync-status-unknown',
    'on-sync-succeeded',
  ];
  const subscriptions = Object.fromEntries(all.map((trigger) => [trigger, [trigger]]));
  const planned = { application: 'argocd/web', environment: 'dev', cluster: 'dev', reason: '' };
  const holding = (given: Partial<Outcome>, created = false) =>
    subscribedChannels(subscriptions, {
      planned: created ? { ...planned, created: true } : planned,
      outcome: { ...planned, rollout: 'r1', phase: 'planned', times: {}, sequence: 1, ...given },
    });
  it.each<[string, Partial<Outcome>, Trigger[]]>([
    ['planned', {}, []],
    ['being applied', { phase: 'rendered', times: { rendered: 1 } }, ['on-sync-running']],
    ['applied', { phase: 'applied', times: { rendered: 1, applied: 2 } }, ['on-sync-running', 'on-sync-succeeded']],
    [
      'healthy',
      { phase: 'healthy', times: { rendered: 1, applied: 2, healthy: 3 } },
      ['on-deployed', 'on-sync-running', 'on-sync-succeeded'],
    ],
    ['not rendered', { phase: 'failed', stage: 'render' }, ['on-sync-status-unknown']],
    ['sync failed', { phase: 'failed', times: { rendered: 1 } }, ['on-sync-failed', 'on-sync-running']],
    [
      'degraded',
      { phase: 'failed', stage: 'health', times: { rendered: 1, applied: 2 } },
      ['on-health-degraded', 'on-sync-running', 'on-sync-succeeded'],
    ],
  ])('%s', (_name, given, expected) => {
    expect(holding(given)).toEqual(expected);
    expect(holding(given, true)).toEqual(['on-created', ...expected]);
  });
});
