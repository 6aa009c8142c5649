import { describe, expect, it } from 'vitest';
import { type DecideFate, killAt, OK } from './engine/fates.ts';
import { brokenPromises } from './promises.ts';
import { play, type Scenario } from './scenarios.ts';

const MODES = ['before', 'after', 'late'] as const;
/** Most calls of a scenario at which it is killed, evenly spread; `npm run soak` takes every one. */
const MOST_POINTS = process.env.TOWLINE_SOAK ? 500 : 45;

const broken = async (scenario: Scenario, decide: DecideFate) => {
  const stage = await play(scenario, decide);
  scenario.check?.(stage);
  return { calls: stage.calls, promises: brokenPromises(stage.world, stage.commits, () => undefined) };
};

/** Kills the worker at every call of each scenario, in every mode, and holds the history to the promises. */
export const killEverywhere = (scenarios: readonly Scenario[]): void => {
  describe('a worker killed at any of its calls breaks no promise', () => {
    it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (name, scenario) => {
      const { calls, promises } = await broken(scenario, () => OK);
      expect(promises).toEqual([]);
      expect(calls).toBeGreaterThan(100);
      const stride = Math.ceil(calls / MOST_POINTS);
      let points = 0;
      for (let at = 1; at <= calls; at += stride) {
        for (const mode of MODES) {
          const killed = await broken(scenario, killAt(at, mode)).catch((error: unknown) => ({
            promises: [String(error)],
          }));
          if (killed.promises.length > 0) {
            throw new Error(`${name}, killed ${mode} call ${at} of ${calls}:\n${killed.promises.join('\n')}`);
          }
        }
        points += 1;
      }
      process.stdout.write(`crash points: ${points} × ${MODES.length} modes = ${points * MODES.length}: ${name}\n`);
    });
  });
};
