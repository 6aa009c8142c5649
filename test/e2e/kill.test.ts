import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileChanges } from '../../src/local/git-host/hosted-repository.ts';
import { contentsOf } from './harness/clusters.ts';
import { greeting, workerValues } from './harness/demo-changes.ts';
import { familyOf, survivors } from './harness/processes.ts';
import { applicationsOf, startWorld, type World } from './harness/world.ts';

/** `npm run soak:kill` sets more. */
const KILLS = Number(process.env.TOWLINE_KILLS ?? 10);
const SEED = Number(process.env.TOWLINE_KILL_SEED ?? Date.now() % 1_000_000);
const PATIENCE_MS = 60_000;

const EXTRA = 'workloads/web/extra.yaml';

/** A push that renders and applies all three sources; every other one adds an object, and the next one prunes it. */
const changesOf = (text: string, number: number): FileChanges => ({
  ...greeting('web', text),
  ...greeting('api', text),
  ...workerValues((number % 3) + 1),
  [EXTRA]: number % 2 === 0 ? null : 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: extra }\n',
});

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
const randomFrom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

let world: World;
/** What the clusters hold after an undisturbed push, by the number's remainder. */
const undisturbed: string[] = [];
let lasts = 0;

const contents = async (): Promise<string> =>
  JSON.stringify([contentsOf(await world.cluster('dev').objects()), contentsOf(await world.cluster('prod').objects())]);

beforeAll(async () => {
  world = await startWorld();
  for (let number = 0; number < 6; number++) {
    const started = Date.now();
    await world.push(changesOf('undisturbed', number));
    lasts = Date.now() - started;
    undisturbed.push(await contents());
  }
});
afterAll(() => world?.close());

const statesOf = (commit: string, context: string): string[] =>
  world.forge
    .statuses()
    .filter((status) => status.sha === commit && status.context === context)
    .map(({ state }) => state);

/** When messages about a commit were first posted (ms): more than one is one too many. */
const messagesOf = (commit: string): number[] =>
  world.forge.posts
    .filter(({ path, body, taken }) => taken && path.endsWith('chat.postMessage') && body.includes(commit.slice(0, 7)))
    .map(({ at }) => at);

/**
 * Between Slack's answer and the write of what it said nothing can be known: a kill right there repeats the message. How
 * long that is depends on the machine's load, of which an undisturbed push tells.
 */
const isExcused = (killedAt: number, postedAt: number): boolean => Math.abs(killedAt - postedAt) < Math.max(250, lasts);

describe('kill -9 at any point of a push', () => {
  it(
    `${KILLS} times: started again, the push completes, exactly and once`,
    async () => {
      const random = randomFrom(SEED);
      const families: Set<string>[] = [];
      const recoveries: number[] = [];
      let repeated = 0;
      for (let number = 6; number < KILLS + 6; number++) {
        const text = `push ${number}`;
        const where = `seed ${SEED}, kill ${number - 5}`;
        const commit = await world.commit(changesOf(text, number));
        const killed: number[] = [];
        const kill = async (): Promise<void> => {
          families.push(familyOf(world.towline().pid));
          killed.push(Date.now());
          await world.towline().kill();
        };
        expect(await world.deliver(commit), where).toBe(202);
        await pause(random() * lasts * 1.2);
        await kill();
        if (random() < 0.3) {
          // And once more while it starts or goes on.
          world.launch();
          await pause(random() * 3_000);
          await kill();
        }
        await world.start();
        const ready = Date.now();
        const ends = () => [statesOf(commit, 'towline/dev').at(-1), statesOf(commit, 'towline/prod').at(-1)];
        await expect.poll(ends, { timeout: PATIENCE_MS, message: where }).toEqual(['success', 'success']);
        recoveries.push(Date.now() - ready);
        expect(await contents(), where).toBe(undisturbed[number % 6]?.replaceAll('undisturbed', text));
        const unhealthy = (await applicationsOf(world)).filter((line) => !line.endsWith(' Synced Healthy'));
        expect(unhealthy, where).toEqual([]);
        for (const context of ['towline/dev', 'towline/prod']) {
          const states = statesOf(commit, context);
          expect(states.slice(states.indexOf('success')), `${where}: ${states.join()}`).not.toContain('pending');
          expect(states.filter((state) => state !== 'pending' && state !== 'success')).toEqual([]);
        }
        await expect.poll(() => messagesOf(commit).length, { message: where }).toBeGreaterThan(0);
        const [first = 0, ...more] = messagesOf(commit);
        const excused = killed.filter((at) => isExcused(at, first)).length;
        expect(more.length, where).toBeLessThanOrEqual(excused);
        repeated += more.length;
      }
      await expect.poll(() => families.flatMap((family) => survivors(family))).toEqual([]);
      const slowest = Math.max(...recoveries);
      process.stderr.write(
        `${KILLS} kills (seed ${SEED}, push ${lasts} ms): done at most ${slowest} ms after ready, ${repeated} Slack messages repeated\n`,
      );
    },
    PATIENCE_MS * KILLS,
  );
});
