import type { Outcome } from '../domain/rollout.ts';

/** What became of each application in each rollout, as small items. Errors: those of `Store`. */
export interface Outcomes {
  /** Keeps the outcome, in any order and as often as it comes; stage times are merged by the caller. */
  record(outcome: Outcome): Promise<void>;
  /** Of each application of a rollout the outcome that counts (`newestOutcomes`). */
  list(rollout: string): Promise<Outcome[]>;
}
