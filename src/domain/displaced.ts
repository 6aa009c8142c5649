import type { ApplicationRow, Desired, Displaced } from './application-row.ts';
import { isTerminal } from './rollout.ts';

/**
 * The rollouts that are still to be told that they no longer decide on an application, once `next` does: those that the row
 * names already, and the one that decided until now, unless it has seen its end. They stand in the row until they are told,
 * so that a worker which crashes leaves none waiting. A rollout that decides again is not among them.
 */
export const displacedBy = (
  { desired, told, displaced = [] }: Pick<ApplicationRow, 'desired' | 'told' | 'displaced'>,
  next: Pick<Desired, 'rollout'>,
  message: string,
): Pick<ApplicationRow, 'displaced'> => {
  const hasEnded = told !== undefined && told.rollout === desired?.rollout && isTerminal(told.phase);
  const last = desired && !hasEnded ? [{ rollout: desired.rollout, message }] : [];
  const known = displaced.filter(({ rollout }) => rollout !== desired?.rollout);
  const all = [...known, ...last].filter(({ rollout }) => rollout !== next.rollout);
  return all.length > 0 ? { displaced: all } : {};
};

/** What is left to tell after `told` were: others may have come since. */
export const stillDisplaced = (
  { displaced = [] }: Pick<ApplicationRow, 'displaced'>,
  told: readonly Displaced[] = [],
): Displaced[] => displaced.filter(({ rollout }) => !told.some((one) => one.rollout === rollout));
