import fc from 'fast-check';
import { expect, it } from 'vitest';
import { historyArbitrary, playHistory } from './histories.ts';

const SEEDS = Number(process.env.TOWLINE_SEEDS ?? 2_000);

/**
 * Plays half of the random histories (`half`: 0 or 1) and holds each to the promises. A failure prints the history,
 * shrunk: it can be played alone with `playHistory`.
 */
export const playHistories = (half: 0 | 1): void => {
  it(`keep every promise (${SEEDS / 2} histories)`, async () => {
    const sum = { histories: 0, calls: 0, faults: 0, recorded: 0 };
    const property = fc.asyncProperty(historyArbitrary, async (history) => {
      const { broken, calls, faults, recorded } = await playHistory(history);
      sum.histories += 1;
      sum.calls += calls;
      sum.faults += faults;
      sum.recorded += recorded;
      expect(broken).toEqual([]);
    });
    await fc.assert(property, { numRuns: Math.ceil(SEEDS / 2), seed: 20_261_121 + half });
    process.stdout.write(`random histories: ${JSON.stringify(sum)}\n`);
  });
};
