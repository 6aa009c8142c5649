import { expect } from 'vitest';
import type { FileChanges } from '../../../src/local/git-host/hosted-repository.ts';
import { greeting, workerValues } from './demo-changes.ts';
import { familyOf, survivors } from './processes.ts';
import { applicationsOf, type World } from './world.ts';

const PATIENCE_MS = 90_000;
const EXTRA = 'workloads/web/extra.yaml';
const CONTEXTS = ['towline/dev', 'towline/prod'];
/** Pushes after which the clusters are in the same state but for the greeting. */
const PERIOD = 6;

export interface KillRun {
  world: World;
  kills: number;
  /** Kills of one push: the first while it is on its way, the others while its next process starts or goes on. */
  killsPerPush: number;
  seed: number;
  /** What the clusters hold. */
  contents: () => Promise<string>;
  /** What else has to hold when a push is done. */
  afterwards?: (where: string, commit: string) => Promise<void>;
}

/** The greeting that push `number` brings. */
export const greetingOf = (number: number): string => `push ${number}`;

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

/** What the clusters hold after an undisturbed push, by the number's remainder, and how long one lasts (ms). */
const learnUndisturbed = async ({ world, contents }: KillRun) => {
  const states: string[] = [];
  let lasts = 0;
  for (let number = 0; number < PERIOD; number++) {
    const started = Date.now();
    await world.push(changesOf(greetingOf(0), number));
    lasts = Date.now() - started;
    states.push(await contents());
  }
  return { lasts, after: (number: number) => states[number % PERIOD]?.replaceAll(greetingOf(0), greetingOf(number)) };
};

const statesOf = ({ forge }: World, commit: string, context: string): string[] =>
  forge
    .statuses()
    .filter((status) => status.sha === commit && status.context === context)
    .map(({ state }) => state);

/** When messages about a commit were first posted (ms): more than one is one too many. */
const messagesOf = ({ forge }: World, commit: string): number[] =>
  forge.posts
    .filter(({ path, body, taken }) => taken && path.endsWith('chat.postMessage') && body.includes(commit.slice(0, 7)))
    .map(({ at }) => at);

/** A terminal state in every environment's context, which nothing older overwrites and which no failure comes before. */
const expectStatuses = (world: World, commit: string, where: string): void => {
  for (const context of CONTEXTS) {
    const states = statesOf(world, commit, context);
    expect(states.slice(states.indexOf('success')), `${where}: ${states.join()}`).not.toContain('pending');
    expect(states.filter((state) => state !== 'pending' && state !== 'success')).toEqual([]);
  }
};

/**
 * One message; answers with how many more there were. Between Slack's answer and the write of what it said nothing can be
 * known, so that a kill right there repeats the message. How long that is depends on the machine's load, of which an
 * undisturbed push tells.
 */
const expectMessages = async (run: KillRun, commit: string, excusable: (postedAt: number) => number, where: string) => {
  await expect.poll(() => messagesOf(run.world, commit).length, { message: where }).toBeGreaterThan(0);
  const [first = 0, ...more] = messagesOf(run.world, commit);
  expect(more.length, where).toBeLessThanOrEqual(excusable(first));
  return more.length;
};

/** Kills this push's processes at random moments; answers with when (ms), and the processes that were to go. */
const killSome = async (
  { world }: KillRun,
  times: number,
  longest: { push: number; start: number },
  random: () => number,
) => {
  const killedAt: number[] = [];
  const families: Set<string>[] = [];
  let starting = 0;
  for (let kill = 0; kill < times; kill++) {
    if (kill > 0) world.launch();
    await pause(random() * (kill === 0 ? longest.push : longest.push + longest.start));
    if (!world.towline().events.some(({ event }) => event === 'ready')) starting += 1;
    families.push(familyOf(world.towline().pid));
    killedAt.push(Date.now());
    await world.towline().kill();
  }
  return { killedAt, families, starting };
};

/**
 * Kills the stack with SIGKILL at random moments of pushes, starts it again, and holds it to its promises: each push is
 * completed, exactly and once, and nothing is left behind. Answers with a line of counts.
 */
export const killAnywhere = async (run: KillRun): Promise<string> => {
  const { world, seed } = run;
  const { lasts, after } = await learnUndisturbed(run);
  const random = randomFrom(seed);
  const families: Set<string>[] = [];
  const counts = { kills: 0, starting: 0, repeated: 0, slowest: 0, pushes: 0, start: 3_000 };
  for (let number = PERIOD; counts.kills < run.kills; number++) {
    const where = `seed ${seed}, push ${number}`;
    const commit = await world.commit(changesOf(greetingOf(number), number));
    expect(await world.deliver(commit), where).toBe(202);
    const times = Math.min(run.killsPerPush, run.kills - counts.kills);
    const killed = await killSome(run, times, { push: lasts * 1.2, start: counts.start }, random);
    families.push(...killed.families);
    const launched = Date.now();
    await world.start();
    const ready = Date.now();
    const ends = () => CONTEXTS.map((context) => statesOf(world, commit, context).at(-1));
    await expect.poll(ends, { timeout: PATIENCE_MS, message: where }).toEqual(CONTEXTS.map(() => 'success'));
    const recovery = Date.now() - ready;
    expect(await run.contents(), where).toBe(after(number));
    const unhealthy = async () => (await applicationsOf(world)).filter((line) => !line.endsWith(' Synced Healthy'));
    expect(await unhealthy(), where).toEqual([]);
    expectStatuses(world, commit, where);
    const excusable = (postedAt: number) =>
      killed.killedAt.filter((at) => Math.abs(at - postedAt) < Math.max(250, lasts)).length;
    counts.repeated += await expectMessages(run, commit, excusable, where);
    await run.afterwards?.(where, commit);
    counts.kills += times;
    counts.starting += killed.starting;
    counts.pushes += 1;
    counts.start = ready - launched;
    counts.slowest = Math.max(counts.slowest, recovery);
  }
  await expect.poll(() => families.flatMap((family) => survivors(family))).toEqual([]);
  return `${counts.kills} kills (${counts.starting} while starting) of ${counts.pushes} pushes, seed ${seed}, an undisturbed push ${lasts} ms: done at most ${counts.slowest} ms after ready, ${counts.repeated} Slack messages repeated`;
};
