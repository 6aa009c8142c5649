import { describe, expect, it } from 'vitest';
import { type DecideInput, decideSync, type OutOfSyncResource } from '../../../../src/domain/sync/autosync.ts';

const NOW = 1_000_000_000;
const changed = (name: string, requiresPruning = false): OutOfSyncResource => ({
  ref: { group: '', kind: 'ConfigMap', namespace: 'web', name },
  requiresPruning,
});

const input = (more: Partial<DecideInput> = {}, automated: object | undefined = {}): DecideInput => ({
  application: {
    syncPolicy: {
      syncOptions: [],
      ...(automated
        ? { automated: { enabled: true, prune: false, selfHeal: false, allowEmpty: false, ...automated } }
        : {}),
    },
  },
  attempt: 'now',
  sync: 'OutOfSync',
  outOfSync: [changed('a')],
  resources: 5,
  now: NOW,
  ...more,
});

const last = (more: object = {}) => ({
  attempt: 'now',
  phase: 'Succeeded' as const,
  finishedAt: NOW - 10_000,
  ...more,
});

describe('decideSync', () => {
  it.each<[string, DecideInput, object]>([
    [
      'a new revision',
      input(),
      { action: 'start', because: 'new-revision', options: { retry: { limit: 5 }, prune: false } },
    ],
    ['not compared yet', input({ sync: 'Unknown', outOfSync: [] }), { action: 'start', because: 'new-revision' }],
    ['in sync', input({ sync: 'Synced' }), { action: 'none' }],
    ['manual', { ...input(), application: { syncPolicy: { syncOptions: [] } } }, { action: 'person' }],
    ['switched off', input({}, { enabled: false }), { action: 'person' }],
    [
      'asked for',
      input({ sync: 'Synced', requested: { prune: true } }, { enabled: false }),
      { action: 'start', because: 'requested', options: { prune: true } },
    ],
    ['one is running', input({ last: last({ phase: 'Running' }), requested: {} }), { action: 'none' }],
    ['only prunes, prune off', input({ outOfSync: [changed('a', true)] }), { action: 'person' }],
    [
      'only prunes, prune on',
      input({ outOfSync: [changed('a', true)] }, { prune: true }),
      { action: 'start', options: { prune: true } },
    ],
    ['prunes and changes, prune off', input({ outOfSync: [changed('a', true), changed('b')] }), { action: 'start' }],
    [
      'everything would go',
      input({ outOfSync: [changed('a', true)], resources: 1 }, { prune: true }),
      { action: 'person' },
    ],
    [
      'everything may go',
      input({ outOfSync: [changed('a', true)], resources: 1 }, { prune: true, allowEmpty: true }),
      { action: 'start' },
    ],
    ['tried and failed', input({ last: last({ phase: 'Failed' }) }), { action: 'person' }],
    [
      'tried and failed, with self-heal',
      input({ last: last({ phase: 'Error' }) }, { selfHeal: true }),
      { action: 'person' },
    ],
    [
      'failed at another revision',
      input({ last: last({ phase: 'Failed', attempt: 'before' }) }),
      { action: 'start', because: 'new-revision' },
    ],
    ['drifted, no self-heal', input({ last: last() }), { action: 'none' }],
    [
      'drifted',
      input({ last: last() }, { selfHeal: true }),
      { action: 'start', because: 'self-heal', heals: 1, options: { resources: [changed('a').ref] } },
    ],
    [
      'drifted again at once',
      input({ last: last({ finishedAt: NOW - 1000, heals: 1 }) }, { selfHeal: true }),
      { action: 'later', seconds: 5 },
    ],
    [
      'drifting for long',
      input({ last: last({ finishedAt: NOW - 1000, heals: 9 }) }, { selfHeal: true }),
      { action: 'later', seconds: 299 },
    ],
    [
      'drifted after a quiet time',
      input({ last: last({ finishedAt: NOW - 301_000, heals: 9 }) }, { selfHeal: true }),
      { action: 'start', heals: 1 },
    ],
  ])('%s', (_, given, expected) => {
    expect(decideSync(given)).toMatchObject(expected);
  });

  it('takes the retry strategy of the application', () => {
    const given = input();
    given.application.syncPolicy.retry = { limit: -1, refresh: true };
    expect(decideSync(given)).toMatchObject({ options: { retry: { limit: -1, refresh: true } } });
  });
});
