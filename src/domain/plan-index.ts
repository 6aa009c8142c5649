import type { SourceInput } from './sources/inputs.ts';
import type { MovingOther } from './sources/moving-other.ts';

/** What one application read from one ref at its last plan, source by source (null: that source is of another ref). */
export interface PlanIndexEntry {
  specDigest: string;
  inputs: (SourceInput[] | null)[];
  /** What it reads of elsewhere and may move; absent: nothing. */
  others?: MovingOther[];
}

/** The recorded inputs of every application that takes a source from one (repository, ref), at `commit`. */
export interface PlanIndex {
  format: 1;
  commit: string;
  entries: Record<string, PlanIndexEntry>;
}

/** The index of a ref that was never planned: whatever reads it is affected. */
export const emptyPlanIndex = (commit: string): PlanIndex => ({ format: 1, commit, entries: {} });
