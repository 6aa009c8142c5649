import type { FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import { formatProblem } from '../../domain/problem.ts';
import type { Rollout } from '../../domain/rollout.ts';

/** What is wrong with a fleet's documents, as a rollout tells it. */
export const problemsOf = (snapshot: FleetSnapshot): Rollout['problems'] =>
  snapshot.problems.map((problem) => ({
    severity: problem.severity === 'warning' ? ('warning' as const) : ('error' as const),
    text: formatProblem(problem),
  }));
