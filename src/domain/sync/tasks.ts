import type { Target } from './sync-operation.ts';

/** How many letters an operation's `states` has: one per target and phase. */
export const taskCount = (targets: readonly Target[]): number =>
  targets.reduce((count, { phases }) => count + phases.length, 0);
