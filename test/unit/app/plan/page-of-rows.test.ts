import { describe, expect, it } from 'vitest';
import type { ChangeMessage } from '../../../../src/messages/change.ts';
import { applicationYaml, configMapYaml, createMemoryStack, MAIN, REPOSITORY } from '../../../fakes/memory-stack.ts';

const COUNT = 600;
const PAGE = 500;

const NAMES = Array.from({ length: COUNT }, (_, at) => `app-${at}`);
const files = (value: string): Record<string, string> =>
  Object.fromEntries(NAMES.map((name) => [`work/${name}/config.yaml`, configMapYaml(name, value)]));
const documents = Object.fromEntries(
  NAMES.map((name) => [`apps/${name}.yaml`, applicationYaml(name, `work/${name}`, 'dev')]),
);

/** The rows that a store is asked for, and how many of them are on their way at once. */
const counting = (store: { get: unknown; getMany: unknown }) => {
  const seen = { inFlight: 0, most: 0, read: 0 };
  const counted =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>, count: (...args: Args) => number) =>
    async (...args: Args): Promise<Result> => {
      seen.inFlight += count(...args);
      seen.read += count(...args);
      seen.most = Math.max(seen.most, seen.inFlight);
      // Those that are asked for in one turn are on their way together.
      await Promise.resolve();
      const result = await call(...args);
      seen.inFlight -= count(...args);
      return result;
    };
  store.get = counted(store.get as (id: string) => Promise<unknown>, () => 1);
  store.getMany = counted(store.getMany as (ids: readonly string[]) => Promise<unknown>, (ids) => ids.length);
  return seen;
};

describe('a commit that touches all applications', () => {
  it('is planned without ever loading more than a page of rows at once, rendered before or not', async () => {
    const stack = await createMemoryStack();
    const counts = [stack.applications, stack.renders, stack.outcomes, stack.rollouts, stack.refs].flatMap((store) =>
      'getMany' in store ? [counting(store)] : [],
    );
    const plan = async (changes: Record<string, string>) => {
      const commit = stack.repository.commit(MAIN, changes);
      const hint: ChangeMessage = { version: 1, repository: REPOSITORY, ref: MAIN, cause: 'push', commit };
      await stack.handlers.changes(hint);
      return stack.sent.renders.splice(0).flatMap(({ message }) => message.renderKeys);
    };
    const first = await plan({ ...documents, ...files('one') });
    expect(new Set(first).size).toBe(COUNT);
    const expiresAt = 0;
    for (const id of first) await stack.renders.save({ id, version: 0, state: 'done', digest: 'x', expiresAt });
    expect(new Set(await plan(files('two'))).size).toBe(COUNT);
    // Back to what is rendered already: every row of a render is there, and nothing is asked for.
    expect(await plan(files('one'))).toEqual([]);
    const last = [...stack.applications.rows.values()].map(({ desired }) => desired?.generation);
    expect(last).toEqual(NAMES.map(() => 3));
    expect(counts.every(({ read }) => read > 0)).toBe(true);
    expect(Math.max(...counts.map(({ most }) => most))).toBeLessThanOrEqual(PAGE);
  });
});
