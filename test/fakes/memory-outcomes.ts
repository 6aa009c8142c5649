import { isTerminal, type Outcome } from '../../src/domain/rollout.ts';
import type { Outcomes } from '../../src/ports/outcomes.ts';
import { plainCopy } from './plain-copy.ts';

/** `Outcomes` in memory. */
export const createMemoryOutcomes = (): Outcomes & { all: Map<string, Outcome> } => {
  const all = new Map<string, Outcome>();
  return {
    all,
    record: (outcome) => {
      const key = `${outcome.rollout}|${outcome.application}`;
      const known = all.get(key);
      const isEnded = known && outcome.phase === 'superseded' && isTerminal(known.phase);
      if (!isEnded && (known?.sequence ?? 0) <= outcome.sequence) all.set(key, plainCopy(outcome));
      return Promise.resolve();
    },
    list: (rollout) =>
      Promise.resolve([...all.values()].filter((one) => one.rollout === rollout).map((one) => plainCopy(one))),
  };
};
