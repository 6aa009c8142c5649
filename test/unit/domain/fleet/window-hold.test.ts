import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SyncWindow } from '../../../../src/domain/fleet/project.ts';
import { canSync, nextOpening } from '../../../../src/domain/fleet/sync-windows.ts';
import { windowHold } from '../../../../src/domain/fleet/window-hold.ts';

const subject = { name: 'web', destination: { name: 'dev', namespace: 'web' } };
const START = Date.UTC(2026, 2, 28, 21);
/** No zone changes its offset: what a window says then is Argo CD's own riddle. */
const SUMMER = Date.UTC(2026, 5, 28, 21);
const HOUR = 3_600_000;

const aWindow: fc.Arbitrary<SyncWindow> = fc.record({
  kind: fc.constantFrom('allow', 'deny'),
  schedule: fc.constantFrom('0 * * * *', '* * * * *', '30 22 * * *', '0 3 * * sun', '*/20 1-5 * * *'),
  duration: fc.constantFrom('10m', '1h', '5h', '24h'),
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
  applications: fc.constant(['*']),
  manualSync: fc.boolean(),
});
const windows = fc.array(aWindow, { minLength: 1, maxLength: 3 });

describe('what holds a sync', () => {
  it('opens when it says, and not before', () => {
    fc.assert(
      fc.property(
        windows,
        fc.boolean(),
        fc.nat(24 * 3600).map((seconds) => seconds * 1000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, isManual, after, part) => {
          const now = new Date(SUMMER + after);
          const opens = nextOpening(all, { now, isManual });
          if (opens) expect(canSync(all, { now: opens, isManual })).toEqual({ allowed: true });
          const until = opens?.getTime() ?? now.getTime() + 3 * 24 * HOUR;
          const between = new Date(now.getTime() + 1000 * Math.floor(((until - now.getTime()) * part) / 1000));
          if (between.getTime() < until) expect(canSync(all, { now: between, isManual }).allowed).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('names the same opening whenever it is asked, as if it were asked for the first time', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 90 * 60_000 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(windows, steps, (syncWindows, by) => {
        let at = START;
        for (const step of by) {
          at += step;
          const now = new Date(at);
          const hold = windowHold({ syncWindows }, subject, { now, isManual: false });
          const first = nextOpening(syncWindows, { now, isManual: false });
          // Summer time may begin within the hour for which an answer is kept.
          const difference = Math.abs((hold?.opensAt ?? at) - (first?.getTime() ?? at));
          expect([0, HOUR]).toContain(difference);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('says so where no opening is in sight', () => {
    const freeze: SyncWindow = { kind: 'deny', schedule: '* * * * *', duration: '24h', applications: ['web'] };
    const hold = windowHold({ syncWindows: [freeze] }, subject, { now: new Date(START), isManual: false });
    expect(hold).toEqual({ message: 'in a deny window: "* * * * *" for 24h UTC' });
  });
});
