import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentsOf } from './harness/clusters.ts';
import { killAnywhere } from './harness/kill-run.ts';
import { startWorld, type World } from './harness/world.ts';

/** CI and `npm run soak:kill` set more. */
const KILLS = Number(process.env.TOWLINE_KILLS ?? 10);
const SEED = Number(process.env.TOWLINE_KILL_SEED ?? Date.now() % 1_000_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

describe('kill -9 at any point of a push', () => {
  it(
    `${KILLS} times: started again, the push completes, exactly and once`,
    async () => {
      const contents = async (): Promise<string> =>
        JSON.stringify([
          contentsOf(await world.cluster('dev').objects()),
          contentsOf(await world.cluster('prod').objects()),
        ]);
      const counts = await killAnywhere({ world, kills: KILLS, killsPerPush: 3, seed: SEED, contents });
      process.stderr.write(`${counts}\n`);
      expect(counts).toContain(`${KILLS} kills`);
    },
    120_000 + 30_000 * KILLS,
  );
});
