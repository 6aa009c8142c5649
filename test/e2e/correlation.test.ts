import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { greeting } from './harness/demo-changes.ts';
import { startWorld, type World } from './harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

interface Line {
  message: string;
  correlation?: string;
  delivery?: string;
  commit?: string;
  rollout?: string;
  state?: string;
}

const lines = (): Line[] =>
  readFileSync(join(world.stateDir, 'towline.log'), 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));

it('one id leads from a delivery through plan, render, sync and report to the statuses', async () => {
  const before = lines().length;
  const { commit, end } = await world.push(greeting('web', 'correlated'));
  // The log file is written behind the events that scripts wait for.
  const isEnd = ({ message, rollout, state }: Line) =>
    message === 'rollout' && rollout === end.rollout && state === 'success';
  await expect.poll(() => lines().some(isEnd)).toBe(true);
  const own = lines()
    .slice(before)
    .filter((line) => line.commit === commit || line.rollout === end.rollout);
  const rendered = lines()
    .slice(before)
    .filter(({ message }) => message === 'render');
  const [id] = own.flatMap(({ delivery }) => delivery ?? []);
  expect(id).toBeDefined();
  expect(new Set([...own, ...rendered].map(({ message }) => message))).toEqual(
    new Set(['change', 'rollout', 'render', 'application', 'status']),
  );
  expect([...own, ...rendered].filter(({ correlation }) => correlation !== id)).toEqual([]);
});
