import type { Cause } from '../../domain/change.ts';
import { environmentsOf } from '../../domain/fleet-row.ts';
import type { RefRow } from '../../domain/ref-row.ts';
import type { Rollout } from '../../domain/rollout.ts';
import { updateRow } from '../update-row.ts';
import type { PlanDeps } from './deps.ts';
import { nextRolloutId } from './open-rollout.ts';
import type { PlanResult } from './plan-ref.ts';

/**
 * Commits that were pushed but never planned, because a newer one stood at the ref by then, still end with a terminal
 * status: superseded by the one that was planned.
 */
export const reportPassedOver = async (
  deps: PlanDeps,
  { ref, cause, plan }: { ref: RefRow; cause: Cause; plan: PlanResult },
): Promise<void> => {
  if (plan.head === undefined || plan.rollout === undefined) return;
  for (const commit of ref.hinted) {
    if (commit === plan.head) continue;
    const passed = passedOver({ ref, cause, plan, commit, by: plan.rollout, now: deps.clock() });
    // A plan of it that died has opened its rollout already: that one is ended.
    const ended = await updateRow(deps.rollouts, passed.id, (known) => {
      if (!known) return passed;
      const { supersededBy, due, state } = passed;
      return known.supersededBy || known.finishedAt !== undefined ? undefined : { ...known, supersededBy, due, state };
    });
    if (ended) await deps.queues.reports([{ version: 1, rollout: passed.id }]);
  }
};

const passedOver = (input: {
  ref: RefRow;
  cause: Cause;
  plan: PlanResult;
  commit: string;
  by: string;
  now: number;
}): Rollout => ({
  id: nextRolloutId(input.ref, input.commit),
  version: 0,
  due: input.now + 60_000,
  repository: input.ref.repository,
  ref: input.ref.ref,
  commit: input.commit,
  cause: input.cause,
  generation: 0,
  createdAt: input.now,
  plannedAt: input.now,
  state: 'running',
  supersededBy: input.by,
  applications: [],
  environments: environmentsOf(input.plan.fleet.file),
  problems: [],
  sent: {},
  attempt: 1,
});
