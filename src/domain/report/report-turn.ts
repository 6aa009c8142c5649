import { LEASE_MS, type Lease, leaseIsFree, newLease } from '../lease.ts';
import type { Rollout } from '../rollout.ts';

/** Longer than a plan's lease, twice over. */
const PLAN_GIVES_UP_MS = 5 * 60_000;
/** A rollout of more applications than this is not folded for each of their outcomes, but at this interval at most. */
const LARGE = 50;
/** The shortest delay that a queue knows; a rollout of so many thousand applications is folded every so many seconds. */
export const FOLD_INTERVAL_MS = 1_000;
const MAX_INTERVALS = 5;
/** `schedule` repeats a request that was lost, also one that came after the end. */
const LOST_AFTER_MS = 60_000;
/** A fold that others count on must lie this far ahead: clocks differ. */
const CLOCK_MARGIN_MS = 250;

/** What a request to report comes to: fold now, ask again in a second, or nothing, since a fold is on its way. */
export type ReportTurn =
  | { turn: 'now'; row: Rollout }
  | { turn: 'later'; row: Rollout; seconds: number }
  | { turn: 'covered' };

/**
 * Decides on a request to report a rollout. One reporter at a time; a thousand outcomes make a few folds, since whoever
 * comes too soon, or upon another's lease, asks once for all who come until then. A lost request is `schedule`'s to
 * repeat: a rollout that runs is due.
 */
export const reportTurn = (rollout: Rollout | undefined, owner: string, now: number): ReportTurn => {
  if (!rollout) return { turn: 'covered' };
  const known = givenUp(rollout, now);
  const isToldToStart = Object.keys(known.sent).length > 0;
  // The plan asks for a report when it is made; until then there is nothing to add.
  if (known.state === 'planning' && isToldToStart && !known.supersededBy) return { turn: 'covered' };
  const isFree = leaseIsFree(known.lease, owner, now);
  const isOver = known.finishedAt !== undefined;
  const interval = isOver ? 0 : foldInterval(known.applications.length);
  const isTooSoon = now - (known.foldedAt ?? 0) < interval;
  if (isFree && !isTooSoon) {
    const lease = newLease(owner, now);
    // One that has ended is due no more: a reporter that dies there would leave what came after the end untold.
    return { turn: 'now', row: { ...known, lease, foldedAt: now, due: known.due ?? lease.until } };
  }
  if ((known.foldAgainAt ?? 0) - now > CLOCK_MARGIN_MS) return { turn: 'covered' };
  const untilFree = isFree ? 0 : patience(known.lease, now);
  const wait = Math.max(FOLD_INTERVAL_MS, untilFree, isTooSoon ? (known.foldedAt ?? 0) + interval - now : 0);
  const seconds = Math.ceil(wait / 1_000);
  const due = known.due ?? now + LOST_AFTER_MS;
  return { turn: 'later', seconds, row: { ...known, due, foldAgainAt: now + seconds * 1_000 } };
};

/** As long again as another reporter has been at it, and no longer than its lease: one that died is not asked for all the time. */
const patience = (lease: Lease | undefined, now: number): number => {
  if (!lease) return 0;
  const rest = lease.until - now;
  return Math.min(rest, LEASE_MS - rest);
};

const foldInterval = (applications: number): number =>
  applications <= LARGE ? 0 : Math.min(MAX_INTERVALS, Math.ceil(applications / 1_000)) * FOLD_INTERVAL_MS;

/** A plan that crashed and was taken up for a newer commit left its rollout behind: that one is superseded. */
const givenUp = (rollout: Rollout, now: number): Rollout =>
  rollout.state === 'planning' && now - rollout.createdAt > PLAN_GIVES_UP_MS
    ? { ...rollout, state: 'running', supersededBy: 'a later plan' }
    : rollout;
