import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FileChanges } from '../../src/local/git-host/hosted-repository.ts';
import { contentsOf } from './harness/clusters.ts';
import { greeting, workerValues } from './harness/demo-changes.ts';
import { applicationsOf, startWorld, type World } from './harness/world.ts';

const EXTRA = 'workloads/web/extra.yaml';

/** Three commits: the second adds an object, the third takes it away and changes every source. */
const COMMITS: FileChanges[] = [
  greeting('web', 'first'),
  { ...greeting('web', 'second'), [EXTRA]: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: extra }\n' },
  { ...greeting('web', 'third'), ...greeting('api', 'third'), ...workerValues(4), [EXTRA]: null },
];

let world: World;
let start: Record<string, string>;
let expected: Awaited<ReturnType<typeof stateOf>>;

const stateOf = async () => ({
  dev: contentsOf(await world.cluster('dev').objects()),
  prod: contentsOf(await world.cluster('prod').objects()),
  applications: await applicationsOf(world),
});

const commitAll = async (): Promise<[string, string, string]> => {
  const [first = {}, second = {}, third = {}] = COMMITS;
  return [await world.commit(first), await world.commit(second), await world.commit(third)];
};

/** Of each environment; `towline/render` is told as well. */
const statesOf = (commit: string) =>
  ['towline/dev', 'towline/prod'].map((context) => world.statusOf(commit)[context]?.state);

beforeAll(async () => {
  world = await startWorld();
  start = { ...world.files };
  for (const changes of COMMITS) await world.push(changes);
  expected = await stateOf();
});
afterAll(() => world?.close());
beforeEach(async () => {
  await world.push(start);
});

describe('however the webhooks come, the state is that of one clean delivery each', () => {
  it('each three times, at once', async () => {
    const commits = await commitAll();
    const answers = commits.flatMap((commit) => [1, 2, 3].map(() => world.deliver(commit, `delivery-${commit}`)));
    expect(new Set(await Promise.all(answers))).toEqual(new Set([202]));
    await world.ended(commits[2]);
    expect(await stateOf()).toEqual(expected);
    expect(statesOf(commits[2])).toEqual(['success', 'success']);
  });

  it('in the reverse order, one after another', async () => {
    const [first, second, third] = await commitAll();
    for (const commit of [third, second, first]) {
      expect(await world.deliver(commit)).toBe(202);
      await world.ended(third);
    }
    await world.push({ 'README.md': `${third} stays\n` });
    expect(await stateOf()).toEqual(expected);
    expect(statesOf(third)).toEqual(['success', 'success']);
    for (const commit of [first, second]) {
      expect(world.planned(commit)).toEqual([]);
      const told = () => world.statusOf(commit)['towline/dev'];
      await expect.poll(told).toEqual({ state: 'error', description: 'superseded by a newer commit' });
    }
  });

  it('a hundred pushes within seconds: the last commit, with far fewer syncs', async () => {
    const watch = await world.cluster('dev').watchConfigMap('web', 'web');
    const before = world.towline().all('application').length;
    const answers: Promise<number>[] = [];
    let commit = '';
    for (let number = 1; number <= 100; number++) {
      commit = await world.commit(number < 100 ? greeting('web', `push ${number}`) : { ...COMMITS[2] });
      answers.push(world.deliver(commit));
    }
    expect(new Set(await Promise.all(answers))).toEqual(new Set([202]));
    await world.ended(commit);
    expect(await stateOf()).toEqual(expected);
    expect(statesOf(commit)).toEqual(['success', 'success']);
    const events = world.towline().all('application').slice(before);
    const rollouts = (name: string) =>
      new Set(events.flatMap(({ application, rollout }) => (application === name ? [rollout] : []))).size;
    watch.close();
    for (const writes of [rollouts('argocd/web-dev'), rollouts('argocd/web-prod'), watch.seen.length]) {
      expect(writes).toBeGreaterThan(0);
      expect(writes).toBeLessThan(40);
    }
    expect(watch.seen.at(-1)).toEqual({ GREETING: 'third' });
    // Whatever commit was told of has a terminal state in the end.
    await expect.poll(() => world.forge.commits.filter((one) => statesOf(one).includes('pending'))).toEqual([]);
  });

  it('none at all: polling finds the last commit', async () => {
    await world.towline().end();
    await world.start({ TOWLINE_POLL_SECONDS: '1' });
    const [, , third] = await commitAll();
    await world.ended(third);
    expect(await stateOf()).toEqual(expected);
    expect(statesOf(third)).toEqual(['success', 'success']);
  });
});
