import { expect, it } from 'vitest';
import { playHistory, type RandomHistory } from './histories.ts';

/** Histories that broke a promise once, as shrunk. */
const ONCE_BROKEN: Record<string, RandomHistory> = {
  'a plan paused past its lease writes the head it had read': {
    seed: 17,
    applications: 1,
    weather: 'rough',
    pushes: [
      { gap: 1_399_848, what: 'many', pick: 0, webhook: 'once', delay: 0 },
      { gap: 4, what: 'change', pick: 0, webhook: 'once', delay: 56 },
      { gap: 140_145, what: 'change', pick: 0, webhook: 'once', delay: 3 },
    ],
  },
};

it.each(Object.entries(ONCE_BROKEN))('%s', async (_name, history) => {
  expect((await playHistory(history)).broken).toEqual([]);
});
