import type { ApplicationRow, Desired } from './application-row.ts';
import { displacedBy } from './displaced.ts';
import type { CompiledApplication } from './fleet/snapshot.ts';

/** How long `schedule` waits before it looks after an application whose message may have been lost (ms). */
export const RESEND_SYNC_AFTER_MS = 60_000;

const newRow = (spec: CompiledApplication): ApplicationRow => ({
  id: spec.id,
  version: 0,
  spec,
  fence: 0,
  inventory: [],
  resources: [],
  health: { status: 'Missing', message: '' },
  sync: 'Unknown',
  times: {},
  history: [],
});

/**
 * An application's row after a plan, or undefined where the plan changes nothing for it: the same document and the same
 * renders, so not even its objects are looked at; or a rollback that holds. Generation only grows; what was awaited before
 * is replaced.
 */
export const applyPlan = (
  row: ApplicationRow | undefined,
  spec: CompiledApplication,
  plan: Omit<Desired, 'generation'>,
  force: boolean,
): ApplicationRow | undefined => {
  const base = row ?? newRow(spec);
  if (row?.pinned ? isHeld(row, spec, plan, force) : row && !force && alreadyDesired(row, spec, plan)) return undefined;
  const {
    awaiting: _awaiting,
    removed: _removed,
    removalWaits: _waits,
    told: _told,
    waiting: _waiting,
    pinned: _pinned,
    displaced: _displaced,
    refGone: _refGone,
    ...rest
  } = base;
  return {
    ...rest,
    spec,
    ...displacedBy(base, plan, `superseded by rollout ${plan.rollout}`),
    desired: { ...repairedOrigin(base, force), ...plan, generation: (base.desired?.generation ?? 0) + 1 },
    ...(plan.renderKeys[0] ? { awaiting: plan.renderKeys[0] } : {}),
    ...(asksToCompare(row, spec) ? { refresh: plan.plannedAt } : {}),
    times: { planned: plan.plannedAt },
    due: plan.plannedAt + RESEND_SYNC_AFTER_MS,
  };
};

/** What is planned again because it was lost on the way is still on its way from the same push. */
const repairedOrigin = ({ desired, applied }: ApplicationRow, force: boolean): Pick<Desired, 'origin'> =>
  force && desired?.origin && applied?.generation !== desired.generation ? { origin: desired.origin } : {};

const REFRESH = 'argocd.argoproj.io/refresh';

/** Nobody takes the annotation out of Git again: it asks once, on the push that brings or changes it. */
const asksToCompare = (row: ApplicationRow | undefined, { annotations }: CompiledApplication): boolean =>
  annotations[REFRESH] !== undefined && annotations[REFRESH] !== row?.spec.annotations[REFRESH];

/**
 * A rollback stands until Git moves: while the document, and the commits or what they render to, are those that were set
 * aside. A repair asked for by id (`force`) is of what was lost, which a rollback has no use for.
 */
const isHeld = (
  { pinned, removed, spec: { specDigest } }: ApplicationRow,
  spec: CompiledApplication,
  plan: Omit<Desired, 'generation'>,
  force: boolean,
): boolean => {
  if (!pinned || removed || specDigest !== spec.specDigest) return false;
  const { instead } = pinned;
  const commits = ({ revisions }: Pick<Desired, 'revisions'>): string => revisions.map(({ commit }) => commit).join();
  const rendersAlike = plan.renderKeys.length > 0 && plan.renderKeys.join() === instead.renderKeys.join();
  return force || rendersAlike || commits(plan) === commits(instead);
};

const alreadyDesired = (row: ApplicationRow, spec: CompiledApplication, plan: Omit<Desired, 'generation'>): boolean =>
  !row.removed &&
  row.spec.specDigest === spec.specDigest &&
  row.desired !== undefined &&
  row.desired.error?.message === plan.error?.message &&
  row.desired.renderKeys.length === plan.renderKeys.length &&
  row.desired.renderKeys.every((key, index) => key === plan.renderKeys[index]);

/** True where this plan, crashed before, had already written the row: its rollout counts the application all the same. */
export const writtenBy = (row: ApplicationRow | undefined, rollout: string): boolean =>
  row?.desired?.rollout === rollout;
