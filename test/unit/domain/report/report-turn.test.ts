import { describe, expect, it } from 'vitest';
import { LEASE_MS } from '../../../../src/domain/lease.ts';
import { FOLD_INTERVAL_MS, reportTurn } from '../../../../src/domain/report/report-turn.ts';
import type { Rollout } from '../../../../src/domain/rollout.ts';

const NOW = 1_700_000_000_000;
const PENDING = { 'towline/dev': { state: 'pending', description: '' } };

const rollout = (fields: Partial<Rollout>, applications = 1): Rollout => ({
  id: 'r1',
  version: 3,
  repository: 'https://git.example.com/acme/fleet',
  ref: 'refs/heads/main',
  commit: 'c1',
  cause: 'push',
  generation: 1,
  createdAt: NOW - 1_000,
  state: 'running',
  applications: Array.from({ length: applications }, (_, n) => ({
    application: `argocd/app-${n}`,
    environment: 'dev',
    cluster: 'dev',
    reason: 'changed',
  })),
  environments: ['dev'],
  problems: [],
  sent: PENDING,
  attempt: 1,
  ...fields,
});
const busy = { lease: { owner: 'other', until: NOW + LEASE_MS } };

describe('the turn of a request to report', () => {
  it.each([
    ['a rollout at work', rollout({}), 'now'],
    ['a small one that was folded just now', rollout({ foldedAt: NOW - 1 }, 50), 'now'],
    ['a large one that was folded just now', rollout({ foldedAt: NOW - 1 }, 51), 'later'],
    ['a large one whose next fold is asked for', rollout({ foldedAt: NOW, foldAgainAt: NOW + 900 }, 51), 'covered'],
    ['a large one folded a second ago', rollout({ foldedAt: NOW - FOLD_INTERVAL_MS }, 51), 'now'],
    ['another reporter at work', rollout(busy), 'later'],
    ['another at work, the next fold asked for', rollout({ ...busy, foldAgainAt: NOW + 900 }), 'covered'],
    ['another at work, the next fold too near to count on', rollout({ ...busy, foldAgainAt: NOW + 200 }), 'later'],
    ['ten thousand, folded four seconds ago', rollout({ foldedAt: NOW - 4_000 }, 10_000), 'later'],
    ['ten thousand, folded five seconds ago', rollout({ foldedAt: NOW - 5_000 }, 10_000), 'now'],
    ['a lease that ran out', rollout({ lease: { owner: 'other', until: NOW - 1 } }), 'now'],
    ['a plan not yet told of', rollout({ state: 'planning', sent: {} }), 'now'],
    ['a plan under way', rollout({ state: 'planning' }), 'covered'],
    ['a plan that a newer one replaced', rollout({ state: 'planning', supersededBy: 'r2' }), 'now'],
    ['a plan given up', rollout({ state: 'planning', createdAt: NOW - 301_000 }), 'now'],
    ['an ended one', rollout({ finishedAt: NOW - 1, foldedAt: NOW - 1 }, 51), 'now'],
    ['an ended one that is being told', rollout({ finishedAt: NOW - 1, ...busy }), 'later'],
    ['no rollout', undefined, 'covered'],
  ])('%s: %s', (_, known, turn) => {
    expect(reportTurn(known, 'me', NOW).turn).toBe(turn);
  });

  it('leaves an ended rollout due while it is told again, so that a reporter that dies is noticed', () => {
    const ended = rollout({ state: 'failure', finishedAt: NOW - 1 });
    const { row } = reportTurn(ended, 'me', NOW) as { row: Rollout };
    expect(row.due).toBe(row.lease?.until);
    expect(reportTurn({ ...ended, due: NOW + 5 }, 'me', NOW)).toMatchObject({ row: { due: NOW + 5 } });
  });

  it('asks ever less often for one that has died, and takes over when its lease ends', () => {
    let known = rollout(busy);
    let now = NOW;
    const waits: number[] = [];
    for (;;) {
      const turn = reportTurn(known, 'me', now);
      if (turn.turn !== 'later') break;
      waits.push(turn.seconds);
      now += turn.seconds * 1_000;
      known = turn.row;
    }
    expect(waits).toEqual([1, 1, 2, 4, 8, 16, 32, 64, 22]);
    expect(now).toBe(NOW + LEASE_MS);
  });

  it('takes the lease only to fold now, and says until when it has asked for a later fold', () => {
    expect(reportTurn(rollout({}), 'me', NOW)).toMatchObject({ row: { lease: { owner: 'me' }, foldedAt: NOW } });
    const later = reportTurn(rollout(busy), 'me', NOW);
    expect(later).toMatchObject({ seconds: 1, row: { ...busy, foldAgainAt: NOW + FOLD_INTERVAL_MS } });
    const large = reportTurn(rollout({ foldedAt: NOW - 1_500 }, 10_000), 'me', NOW);
    expect(large).toMatchObject({ seconds: 4, row: { foldAgainAt: NOW + 4_000 } });
    // A request after the end is repeated where it is lost, too.
    const over = reportTurn(rollout({ finishedAt: NOW - 1, ...busy }), 'me', NOW);
    expect(over).toMatchObject({ row: { due: NOW + 60_000 } });
  });
});
