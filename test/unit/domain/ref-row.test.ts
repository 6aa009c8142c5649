import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEASE_MS } from '../../../src/domain/lease.ts';
import { abandonPlan, finishPlan, type RefRow, requestPlan } from '../../../src/domain/ref-row.ts';

const hint = (more: Partial<Parameters<typeof requestPlan>[1]> = {}) => ({
  repository: 'https://git.example.com/acme/fleet',
  ref: 'refs/heads/main',
  owner: 'a',
  now: 1_000,
  ...more,
});

describe('the planner’s row of a ref', () => {
  it('gives the lease to the first hint and leaves the second to its holder', () => {
    const first = requestPlan(undefined, hint());
    expect(first).toMatchObject({ held: true, row: { requested: 1, lease: { owner: 'a', until: 1_000 + LEASE_MS } } });
    const second = requestPlan(first.row, hint({ owner: 'b' }));
    expect(second).toMatchObject({ held: false, row: { requested: 2, lease: { owner: 'a' } } });
  });

  it('takes a lease over once it has run out', () => {
    const { row } = requestPlan(undefined, hint());
    expect(requestPlan(row, hint({ owner: 'b', now: 1_000 + LEASE_MS - 1 })).held).toBe(false);
    expect(requestPlan(row, hint({ owner: 'b', now: 1_000 + LEASE_MS })).held).toBe(true);
  });

  it('remembers that the plan whose lease it takes over may have written rows, until a plan ends', () => {
    const { row } = requestPlan(undefined, hint());
    expect(row.unfinished).toBeUndefined();
    const { row: taken } = requestPlan(row, hint({ owner: 'b', now: 1_000 + LEASE_MS }));
    expect(taken.unfinished).toBe(true);
    expect(finishPlan(taken, { head: 'c1', servedRequests: 2, servedHints: [] }).row.unfinished).toBeUndefined();
  });

  it('is unfinished, too, where a plan gave up after it had begun to write', () => {
    const { row } = requestPlan(undefined, hint());
    expect(abandonPlan(row, 5_000, true).unfinished).toBe(true);
    expect(abandonPlan(row, 5_000, false).unfinished).toBeUndefined();
  });

  it('hears a late hint of a commit that had its rollout without passing it over', () => {
    const { row } = requestPlan(undefined, hint({ commit: 'c1' }));
    const { row: first } = finishPlan(row, { head: 'c1', servedRequests: 1, servedHints: ['c1'] });
    const { row: second } = finishPlan(first, { head: 'c2', servedRequests: 1, servedHints: [] });
    const late = requestPlan(second, hint({ commit: 'c1' }));
    expect(late.row).toMatchObject({ hinted: [], requested: 2 });
    expect(requestPlan(second, hint({ commit: 'c3' })).row.hinted).toEqual(['c3']);
  });

  it('plans again where a hint came in during the plan, keeping the lease', () => {
    const { row } = requestPlan(undefined, hint({ commit: 'c1' }));
    const served = { servedRequests: row.requested, servedHints: row.hinted };
    const { row: during } = requestPlan(row, hint({ owner: 'b', commit: 'c2' }));
    const ended = finishPlan(during, { head: 'c1', ...served });
    expect(ended.again).toBe(true);
    expect(ended.row).toMatchObject({ head: 'c1', generation: 1, hinted: ['c2'], lease: { owner: 'a' } });
    const last = finishPlan(ended.row, { head: 'c2', servedRequests: 2, servedHints: ['c2'] });
    expect(last).toMatchObject({ again: false, row: { head: 'c2', generation: 2, hinted: [] } });
    expect(last.row.lease).toBeUndefined();
    expect(last.row.due).toBeUndefined();
  });

  it('keeps who asks to be rendered again until a plan has served it', () => {
    const { row } = requestPlan(undefined, hint({ applications: ['x'] }));
    expect(row.forced).toEqual(['x']);
    const { row: during } = requestPlan(row, hint({ owner: 'b', applications: ['y', 'x'] }));
    const served = { head: 'c1', servedRequests: row.requested, servedHints: [], servedForced: row.forced ?? [] };
    const ended = finishPlan(during, served);
    expect(ended).toMatchObject({ again: true, row: { forced: ['y'] } });
    expect(abandonPlan(ended.row, 1, false).forced).toEqual(['y']);
    const last = finishPlan(ended.row, { ...served, servedRequests: 2, servedForced: ['y'] });
    expect(last.again).toBe(false);
    expect(last.row).not.toHaveProperty('forced');
  });

  it('forgets the head of a ref that is gone', () => {
    const { row } = requestPlan(undefined, hint());
    const { row: planned } = finishPlan(row, { head: 'c1', index: 'i1', servedRequests: 1, servedHints: [] });
    const { row: gone } = finishPlan(planned, { servedRequests: 1, servedHints: [] });
    expect(gone.head).toBeUndefined();
    expect(gone.index).toBeUndefined();
  });

  it('is due for schedule, and free at once, when a plan gave up', () => {
    const { row } = requestPlan(undefined, hint());
    const abandoned = abandonPlan(row, 5_000, false);
    expect(abandoned.lease).toBeUndefined();
    expect(abandoned.due).toBe(65_000);
  });

  it('never lowers a generation and loses no hint, in any order of hints and plans', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('hint' as const), commit: fc.integer({ min: 0, max: 5 }) }),
      fc.record({ kind: fc.constant('plan' as const), commit: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let row: RefRow | undefined;
        let open = 0;
        for (const { kind, commit } of steps) {
          const before: RefRow | undefined = row;
          if (kind === 'hint') {
            row = requestPlan(row, hint({ commit: `c${commit}` })).row;
            open += 1;
          } else if (row) {
            row = finishPlan(row, { head: 'c0', servedRequests: row.requested, servedHints: row.hinted }).row;
            open = 0;
          }
          expect(row?.generation ?? 0).toBeGreaterThanOrEqual(before?.generation ?? 0);
          if (open > 0) expect(row?.due).toBeDefined();
        }
      }),
    );
  });
});
