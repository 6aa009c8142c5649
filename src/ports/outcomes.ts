import type { Outcome } from '../domain/rollout.ts';

/** One small item per (rollout, application). Errors: those of `Store`. */
export interface Outcomes {
  /**
   * Keeps the outcome unless one with a higher `sequence` is there; stage times are merged by the caller. `superseded`
   * never takes the place of another end: that the application is another rollout's by now does not undo what became of it.
   */
  record(outcome: Outcome): Promise<void>;
  list(rollout: string): Promise<Outcome[]>;
}
