import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextComparison } from '../../../src/domain/comparison.ts';

type Row = Parameters<typeof nextComparison>[0];

const row = (more: Partial<Row> = {}): Row => ({
  id: 'argocd/web',
  health: { status: 'Healthy', message: '' },
  desired: { generation: 1, rollout: 'r', revisions: [], renderKeys: ['k'], reason: '', plannedAt: 1_000_000 },
  ...more,
});

describe('nextComparison', () => {
  it('is later than the last one by at most the interval, and then exactly an interval apart', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 100_000 }), fc.nat(2 ** 40), (id, seconds, at) => {
        const after = (last: number) => nextComparison(row({ id, compared: { at: last, desired: '' } }), seconds) ?? 0;
        const since = Math.max(at, 1_000_000);
        const next = after(since);
        expect(next).toBeGreaterThan(since);
        expect(next - since).toBeLessThanOrEqual(seconds * 1_000);
        expect(after(next)).toBe(next + seconds * 1_000);
      }),
    );
  });

  it('spreads a fleet over the interval', () => {
    const minutes = Array.from({ length: 6_000 }, (_, index) => {
      const next = nextComparison(row({ id: `argocd/app-${index}` }), 3_600) ?? 0;
      return Math.floor((next - 1_000_000) / 60_000);
    });
    const counts = [...Map.groupBy(minutes, (minute) => minute).values()].map(({ length }) => length);
    expect(counts).toHaveLength(60);
    expect(Math.max(...counts)).toBeLessThan(160);
  });

  it.each<[string, Partial<Row>, number | undefined]>([
    ['what is gone from Git', { removed: true }, undefined],
    ['what could not be planned', { desired: { ...row().desired!, error: { code: 'c', message: 'm' } } }, undefined],
    ['what was never planned', { desired: undefined } as unknown as Partial<Row>, undefined],
    ['what waits for its render', { awaiting: 'k' }, undefined],
    ['what was asked for since', { refresh: 2_000_000, compared: { at: 1_500_000, desired: '' } }, 2_000_000],
  ])('of %s', (_name, more, expected) => {
    expect(nextComparison(row(more), 3_600)).toBe(expected);
  });

  it.each<[string, Partial<Row>]>([
    ['is not healthy', { health: { status: 'Degraded', message: '' } }],
    ['could not be compared', { compared: { at: 0, desired: '', error: 'unreachable' } }],
  ])('comes within five minutes where it %s', (_name, more) => {
    expect((nextComparison(row(more), 3_600) ?? 0) - 1_000_000).toBeLessThanOrEqual(300_000);
  });
});
