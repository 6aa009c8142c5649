import { newestOutcomes, type Outcome } from '../../src/domain/rollout.ts';
import type { Outcomes } from '../../src/ports/outcomes.ts';
import { plainCopy } from './plain-copy.ts';

/** `Outcomes` in memory; `all` has those that count, by rollout and application. */
export const createMemoryOutcomes = (): Outcomes & { all: Map<string, Outcome> } => {
  const all = new Map<string, Outcome>();
  const told = new Map<string, Outcome[]>();
  return {
    all,
    record: (outcome) => {
      const key = `${outcome.rollout}|${outcome.application}`;
      told.set(key, [...(told.get(key) ?? []), plainCopy(outcome)]);
      const [counting] = newestOutcomes(told.get(key) ?? []);
      if (counting) all.set(key, counting);
      return Promise.resolve();
    },
    list: (rollout) =>
      Promise.resolve([...all.values()].filter((one) => one.rollout === rollout).map((one) => plainCopy(one))),
  };
};
