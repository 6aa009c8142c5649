import type { Rollout } from '../../domain/rollout.ts';
import type { Compiled } from './compile-at.ts';
import type { PlanDeps } from './deps.ts';
import type { AffectedApplication } from './inspect-application.ts';

/** Rollouts in which applications are told that others delivered, by the delivering application's id. */
export type DeliveredRollouts = ReadonlyMap<string, string>;

/**
 * What an application delivers belongs to the rollout that had it deliver: as long as that one is open, the applications
 * that come of it are told there, on the commit that caused them. Empty for a new head: everything it changes is its own.
 */
export const deliveredRollouts = async (
  deps: Pick<PlanDeps, 'applications' | 'rollouts'>,
  { deliveredBy }: Pick<Compiled, 'deliveredBy'>,
  isNewHead: boolean,
): Promise<DeliveredRollouts> => {
  if (isNewHead || deliveredBy.size === 0) return new Map();
  const parents = await deps.applications.getMany([...deliveredBy.keys()]);
  const rollouts = await deps.rollouts.getMany(parents.flatMap(({ desired }) => desired?.rollout ?? []));
  const open = new Set(rollouts.filter(isOpen).map(({ id }) => id));
  return new Map(
    parents.flatMap(({ id, desired }): [string, string][] =>
      desired && open.has(desired.rollout) ? [[id, desired.rollout]] : [],
    ),
  );
};

const isOpen = ({ finishedAt }: Rollout): boolean => finishedAt === undefined;

/** The rollout in which an affected application is told; undefined: that of the plan. */
export const rolloutOfDelivered = (
  { application }: Pick<AffectedApplication, 'application'>,
  rollouts: DeliveredRollouts,
): string | undefined => {
  const parent = application.origin.registeredBy;
  return parent === undefined ? undefined : rollouts.get(parent);
};
