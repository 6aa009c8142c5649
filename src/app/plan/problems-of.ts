import type { RemovedApplication } from '../../domain/fleet/removed-applications.ts';
import type { FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import { formatProblem } from '../../domain/problem.ts';
import type { Rollout } from '../../domain/rollout.ts';

/** What is wrong with a fleet's documents, as a rollout tells it. */
export const problemsOf = (snapshot: Pick<FleetSnapshot, 'problems'>): Rollout['problems'] =>
  snapshot.problems.map((problem) => ({
    severity: problem.severity === 'warning' ? ('warning' as const) : ('error' as const),
    text: formatProblem(problem),
  }));

/** A line that a rollout tells and that fails nothing. */
export const warningOf = (text: string): Rollout['problems'][number] => ({ severity: 'warning', text });

/** What somebody has to approve before it goes. */
export const warningsOf = (removed: readonly RemovedApplication[]): Rollout['problems'] => {
  const reasons = new Map(removed.toReversed().flatMap(({ id, waits }) => (waits === undefined ? [] : [[waits, id]])));
  return [...reasons].map(([waits, id]) => ({
    severity: 'warning' as const,
    text: `${waits} (towline app approve-removal ${id} --all)`,
  }));
};
