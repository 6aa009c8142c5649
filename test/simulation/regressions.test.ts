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
  'a reporter dies on a rollout that had ended': {
    seed: 22,
    applications: 3,
    weather: 'rough',
    pushes: [
      { gap: 997, what: 'change', pick: 551, webhook: 'once', delay: 1_921 },
      { gap: 310, what: 'change', pick: 403, webhook: 'once', delay: 761 },
      { gap: 738, what: 'break', pick: 899, webhook: 'again', delay: 3_558 },
      { gap: 2_982, what: 'change', pick: 547, webhook: 'once', delay: 86_399_978 },
      { gap: 2_274_293, what: 'delete', pick: 1, webhook: 'once', delay: 2_178 },
      { gap: 2, what: 'change', pick: 332, webhook: 'once', delay: 1_500 },
    ],
  },
  'an outcome is told while another worker has taken the row, and dies': {
    seed: 779_121_083,
    applications: 2,
    weather: 'wild',
    pushes: [
      { gap: 0, what: 'change', pick: 0, webhook: 'once', delay: 360 },
      { gap: 0, what: 'change', pick: 1, webhook: 'again', delay: 603 },
      { gap: 893, what: 'add', pick: 15, webhook: 'once', delay: 490 },
    ],
  },
};

it.each(Object.entries(ONCE_BROKEN))('%s', async (_name, history) => {
  expect((await playHistory(history)).broken).toEqual([]);
});
