import type { Outcome } from '../domain/rollout.ts';

/** One small item per (rollout, application). Errors: those of `Store`. */
export interface Outcomes {
  /** Keeps the outcome unless one with a higher `sequence` is there; stage times are merged by the caller. */
  record(outcome: Outcome): Promise<void>;
  list(rollout: string): Promise<Outcome[]>;
}
