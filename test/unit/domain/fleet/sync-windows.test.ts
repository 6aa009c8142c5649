import { describe, expect, it } from 'vitest';
import { parseCron } from '../../../../src/domain/fleet/cron-schedule.ts';
import type { SyncWindow } from '../../../../src/domain/fleet/project.ts';
import { nextRetryAt } from '../../../../src/domain/fleet/retry.ts';
import { canSync, nextOpening, windowError } from '../../../../src/domain/fleet/sync-windows.ts';
import { parseGoDuration } from '../../../../src/domain/go-duration.ts';

const window = (
  kind: 'allow' | 'deny',
  schedule: string,
  duration: string,
  more: Partial<SyncWindow> = {},
): SyncWindow => ({
  kind,
  schedule,
  duration,
  applications: ['*'],
  ...more,
});

describe('cron schedules', () => {
  it.each([
    ['*/15 10 * * *', '2024-06-12T10:14:59Z', '2024-06-12T10:15:00.000Z'],
    ['*/15 10 * * *', '2024-06-12T10:15:00Z', '2024-06-12T10:30:00.000Z'],
    ['5/20 * * * *', '2024-06-12T10:06:00Z', '2024-06-12T10:25:00.000Z'],
    ['0 22 * * MON-FRI', '2024-06-14T22:00:00Z', '2024-06-17T22:00:00.000Z'],
    ['0 0 ? JAN,jul *', '2024-06-14T22:00:00Z', '2024-07-01T00:00:00.000Z'],
    ['0 0 13 * 5', '2024-06-12T00:00:00Z', '2024-06-13T00:00:00.000Z'],
    ['0 0 29 2 *', '2024-06-12T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 0 30 2 *', '2024-06-12T00:00:00Z', undefined],
  ])('%s after %s', (schedule, after, expected) => {
    const cron = parseCron(schedule);
    expect('next' in cron && cron.next(new Date(after))?.toISOString()).toBe(expected);
  });

  it.each([
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* * * * 7',
    '* * 0 * *',
    '@daily',
    '* * L * *',
    '5-1 * * * *',
    '*/0 * * * *',
    'x * * * *',
  ])('refuses "%s"', (schedule) => {
    expect(parseCron(schedule)).toHaveProperty('error');
  });
});

describe('canSync and nextOpening', () => {
  const now = new Date('2024-06-12T12:00:30Z');

  it('says which window blocks', () => {
    const decision = canSync([window('deny', '0 12 * * *', '1h', { timeZone: 'UTC' })], { now, isManual: false });
    expect(decision).toEqual({ allowed: false, reason: 'in a deny window: "0 12 * * *" for 1h UTC' });
  });

  it.each([
    ['a deny window closes', [window('deny', '0 12 * * *', '1h')], '2024-06-12T13:00:00.000Z'],
    ['an allow window opens', [window('allow', '0 22 * * *', '1h')], '2024-06-12T22:00:01.000Z'],
    [
      'a later deny covers the opening',
      [window('allow', '0 22 * * *', '2h'), window('deny', '0 22 * * *', '1h')],
      '2024-06-12T23:00:00.000Z',
    ],
    ['nothing blocks', [window('allow', '* * * * *', '1h')], '2024-06-12T12:00:30.000Z'],
    ['it never opens', [window('allow', '0 0 30 2 *', '1h')], undefined],
    ['in another zone', [window('allow', '0 22 * * *', '1h', { timeZone: 'Asia/Tokyo' })], '2024-06-12T13:00:01.000Z'],
  ])('opens when %s', (_what, windows, expected) => {
    expect(nextOpening(windows, { now, isManual: false })?.toISOString()).toBe(expected);
  });

  it('opens at once for a person where the window lets manual syncs through', () => {
    const windows = [window('deny', '0 12 * * *', '1h', { manualSync: true })];
    expect(nextOpening(windows, { now, isManual: true })).toEqual(now);
  });

  it('uses the offset of the zone as it is now: a window of 02:30 is an hour of wall time in winter and in summer', () => {
    const windows = [window('allow', '30 2 * * *', '30m', { timeZone: 'Europe/Amsterdam' })];
    const ask = (at: string): boolean => canSync(windows, { now: new Date(at), isManual: false }).allowed;
    expect([ask('2024-01-15T01:40:00Z'), ask('2024-07-15T00:40:00Z'), ask('2024-07-15T01:40:00Z')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('takes a zone that nobody knows for UTC, as Argo CD does, and says so', () => {
    const lost = window('allow', '0 22 * * *', '1h', { timeZone: 'Mars/Olympus' });
    expect(windowError(lost)).toBeUndefined();
    const reason = 'outside its allow windows: "0 22 * * *" for 1h UTC ("Mars/Olympus" is no time zone)';
    expect(canSync([lost], { now, isManual: false })).toEqual({ allowed: false, reason });
    expect(canSync([lost], { now: new Date('2024-06-12T22:00:01Z'), isManual: false })).toEqual({ allowed: true });
  });

  it('blocks what it cannot read, and says so', () => {
    const bad = window('allow', '0 22 * * *', 'an hour');
    expect(windowError(bad)).toContain('an hour');
    expect(canSync([bad], { now, isManual: true })).toMatchObject({ allowed: false, error: true });
    expect(nextOpening([bad], { now, isManual: false })).toBeUndefined();
  });
});

describe('durations and retries', () => {
  it.each([
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['500ms', 500],
    ['-2m', -120_000],
    ['0', 0],
    ['1d', undefined],
    ['', undefined],
    ['5', undefined],
    ['1h ', undefined],
  ])('%s', (text, expected) => {
    expect(parseGoDuration(text)).toBe(expected);
  });

  it.each([
    [{ backoff: { duration: '10s', factor: 3, maxDuration: '1m' } }, 1, 30],
    [{ backoff: { duration: '10s', factor: 3, maxDuration: '1m' } }, 5, 60],
    [{ backoff: { duration: '7' } }, 0, 7],
  ])('%o after %d', (strategy, count, seconds) => {
    const at = new Date('2024-06-12T12:00:00Z');
    expect(nextRetryAt(strategy, at, count)).toEqual({ at: new Date(at.getTime() + seconds * 1000) });
  });
});
