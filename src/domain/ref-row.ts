import { type Lease, leaseIsFree, newLease } from './lease.ts';
import { type Origin, originOf } from './origin.ts';
import type { Row } from './row.ts';
import type { MovingOther } from './sources/moving-other.ts';

/** What Towline knows of one (repository, ref): the planner's row. */
export interface RefRow extends Row {
  repository: string;
  ref: string;
  /** Counts the hints that came in; a plan serves all that came before it read the ref. */
  requested: number;
  /** Commits that hints named and no plan has served yet, so that a passed-over push gets its end too. */
  hinted: string[];
  /** Ids of applications that are to be rendered again whatever their inputs say, and that no plan has served yet. */
  forced?: string[];
  /** How many plans have ended; the next plan is number generation + 1. */
  generation: number;
  /** The commit that the last plan was made of; absent before the first, or where the ref is gone. */
  head?: string;
  /** Digest of the fleet snapshot that the last plan was made against. */
  snapshot?: string;
  /** Blob key of the plan index (recorded inputs) that belongs to `head`. */
  index?: string;
  /** What its applications read of elsewhere and may move; absent: nothing. */
  others?: MovingOther[];
  /** The newest rollout of this ref. */
  rollout?: string;
  /** It was deleted after it had been planned. */
  gone?: boolean;
  /** The last plan could not read something: the same head is planned again at `due`. */
  unread?: boolean;
  /** What generators see beside Git has moved since the last plan. */
  stale?: boolean;
  /** A plan of this ref may have written some of its applications' rows and then died: they can be of another head. */
  unfinished?: boolean;
  /** The last commits that had their rollout, newest last: a late hint of one of them is no news. */
  ended?: string[];
  /** The first of the hints that no plan has served yet; while one is under way, the last that came in since. */
  origin?: Origin;
  lease?: Lease;
}

/** More pushes than this within one plan lose the status of the oldest, never a commit. */
const HINTS_KEPT = 500;
/** A row has to stay small; who is not named any more asks again when it is due. */
const FORCED_KEPT = 1_000;
/** A row has to stay small; the rest is looked at again by the next plan. */
const OTHERS_KEPT = 500;
/** A hint that comes after so many newer commits gets a status that says it was passed over, which is true. */
const ENDED_KEPT = 100;

/** Id of the row of one (registered repository URL, full ref). */
export const refId = (repository: string, ref: string): string => `${repository}#${ref}`;

const newRef = ({ repository, ref }: Pick<RefRow, 'repository' | 'ref'>): RefRow => ({
  id: refId(repository, ref),
  version: 0,
  repository,
  ref,
  requested: 0,
  hinted: [],
  generation: 0,
});

/** Notes one more hint and takes the lease where it is free. `held` tells whether `owner` may plan now. */
export const requestPlan = (
  row: RefRow | undefined,
  hint: {
    repository: string;
    ref: string;
    commit?: string;
    applications?: readonly string[];
    stale?: boolean;
    owner: string;
    now: number;
  } & Origin,
): { row: RefRow; held: boolean } => {
  const base = row ?? newRef(hint);
  const hinted = isNews(base, hint.commit) ? [...base.hinted, hint.commit].slice(-HINTS_KEPT) : base.hinted;
  const forced = [...new Set([...(base.forced ?? []), ...(hint.applications ?? [])])].slice(0, FORCED_KEPT);
  const requested = {
    ...base,
    hinted,
    ...(forced.length > 0 ? { forced } : {}),
    ...(hint.stale ? { stale: true } : {}),
    requested: base.requested + 1,
  };
  const origin = originOf(hint);
  if (!leaseIsFree(base.lease, hint.owner, hint.now)) {
    return { row: { ...requested, ...(origin ? { origin } : {}) }, held: false };
  }
  const lease = newLease(hint.owner, hint.now);
  const isLeft = base.lease !== undefined && base.lease.owner !== hint.owner;
  const first = base.origin ?? origin;
  return {
    row: {
      ...requested,
      lease,
      due: lease.until,
      ...(isLeft ? { unfinished: true } : {}),
      ...(first ? { origin: first } : {}),
    },
    held: true,
  };
};

const isNews = ({ head, hinted, ended = [] }: RefRow, commit: string | undefined): commit is string =>
  commit !== undefined && commit !== head && !hinted.includes(commit) && !ended.includes(commit);

/** What a plan came to. */
export interface PlanOutcome {
  head?: string;
  snapshot?: string;
  index?: string;
  rollout?: string;
  /** What its applications read of elsewhere and may move. */
  others?: readonly MovingOther[];
  /** It is there no more. */
  gone?: boolean;
  /** When to plan again what could not be read, in ms since the epoch. */
  retryAt?: number;
}

/** The same, and what it has served. */
interface PlanEnd extends PlanOutcome {
  servedRequests: number;
  servedHints: readonly string[];
  servedForced?: readonly string[];
}

/** The row after a plan: at rest, or with the lease kept where hints came in since `servedRequests`. */
export const finishPlan = (row: RefRow, result: PlanEnd): { row: RefRow; again: boolean } => {
  const again = row.requested > result.servedRequests;
  const {
    lease,
    due,
    head: _head,
    index: _index,
    others: _others,
    gone: _gone,
    unread: _unread,
    unfinished: _unfinished,
    origin,
    ...all
  } = row;
  // A hint that came in during the plan may have said it again.
  const { forced = [], stale, ...rest } = all;
  const unserved = forced.filter((id) => !result.servedForced?.includes(id));
  const ended = [...result.servedHints, ...(result.head ? [result.head] : [])];
  const done: RefRow = {
    ...rest,
    generation: row.generation + 1,
    hinted: row.hinted.filter((commit) => !result.servedHints.includes(commit)),
    ...(unserved.length > 0 ? { forced: unserved } : {}),
    ...(again && stale ? { stale } : {}),
    ...(again && origin ? { origin } : {}),
    ended: [...(row.ended ?? []).filter((commit) => !ended.includes(commit)), ...ended].slice(-ENDED_KEPT),
    snapshot: result.snapshot,
    ...(result.head ? { head: result.head } : {}),
    ...(result.gone ? { gone: true } : {}),
    ...(result.index ? { index: result.index } : {}),
    ...(result.rollout ? { rollout: result.rollout } : {}),
    ...(result.others?.length ? { others: result.others.slice(0, OTHERS_KEPT) } : {}),
    ...(result.retryAt === undefined ? {} : { unread: true, due: result.retryAt }),
  };
  return { row: again ? { ...done, lease, due } : done, again };
};

/**
 * The row when a plan gave up (its error goes back to the queue): free at once, due for `schedule`. `hasWritten`: it may
 * have written applications' rows before.
 */
export const abandonPlan = (row: RefRow, now: number, hasWritten: boolean): RefRow => {
  const { lease: _lease, ...rest } = row;
  return { ...rest, ...(hasWritten ? { unfinished: true } : {}), due: now + 60_000 };
};
