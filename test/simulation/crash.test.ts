import { describe, expect, it } from 'vitest';
import { killAt, OK } from './engine/fates.ts';
import { brokenPromises } from './promises.ts';
import { play, SCENARIOS } from './scenarios.ts';

const MODES = ['before', 'after', 'late'] as const;

describe('a worker killed at any of its calls', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', async (_name, scenario) => {
    const undisturbed = await play(scenario, () => OK);
    expect(brokenPromises(undisturbed.world, undisturbed.commits, () => undefined)).toEqual([]);
    for (const mode of MODES) {
      for (let at = 1; at <= undisturbed.calls; at++) {
        const { world, commits } = await play(scenario, killAt(at, mode));
        const broken = brokenPromises(world, commits, () => undefined);
        if (broken.length > 0)
          throw new Error(`killed ${mode} call ${at} of ${undisturbed.calls}:\n${broken.join('\n')}`);
      }
    }
    process.stdout.write(`crash points: ${undisturbed.calls} × ${MODES.length} modes: ${scenario.name}\n`);
    expect(undisturbed.calls).toBeGreaterThan(60);
  });
});
