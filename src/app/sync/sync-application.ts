import type { ApplicationRow } from '../../domain/application-row.ts';
import { nextComparison } from '../../domain/comparison.ts';
import { stillDisplaced } from '../../domain/displaced.ts';
import { AppError } from '../../domain/errors.ts';
import { leaseIsFree, newLease } from '../../domain/lease.ts';
import { registrationId } from '../../domain/registry/registration-row.ts';
import { stableText } from '../../domain/stable-digest.ts';
import type { SyncMessage } from '../../messages/sync.ts';
import { updateKnownRow, updateRow } from '../update-row.ts';
import { advance } from './advance.ts';
import { compareSecondsOf, type SyncDeps } from './deps.ts';
import type { Advance } from './look.ts';
import { hasEnded, isTold, tellDisplaced, tellOutcome } from './tell-outcome.ts';

const DUE_MARGIN_SECONDS = 60;

const isOutstanding = ({ waitSeconds, dueSeconds }: Advance): boolean =>
  waitSeconds !== undefined || dueSeconds !== undefined;

/**
 * Takes one application a step on: waits for its renders, applies them, prunes, watches health. One worker at a time holds
 * its lease; a message that finds it held says nothing new, since the holder looks for newer plans before it lets go.
 * Errors: the cluster's and the stores' transient ones, after the lease is given back.
 */
export const syncApplication =
  (deps: SyncDeps) =>
  async ({ application, hops, repeated }: SyncMessage): Promise<void> => {
    const owner = deps.newId();
    let row = await claim(deps, application, owner);
    let waitSeconds: number | undefined;
    let isOverdue = repeated ?? false;
    try {
      while (row) {
        await tellDisplaced(deps, row);
        const result: Advance = await advance(deps, row, owner, isOverdue);
        isOverdue = false;
        waitSeconds = result.waitSeconds;
        const next = await release(deps, row, owner, result);
        if (next.told) {
          const atRest = !isOutstanding(result) && hasEnded(next.told, deps.clock());
          const told = await tellOutcome(deps, next.told, { atRest });
          const isGone = result.forget && (await deps.applications.remove(told ?? next.told));
          if (isGone) await forgetRegistration(deps, next.told);
        }
        if (result.change.awaiting && next.told && (await isRendered(deps, result.change.awaiting))) waitSeconds = 0;
        row = next.again;
      }
    } catch (error) {
      await giveBack(deps, application, owner);
      throw error;
    }
    if (waitSeconds !== undefined) {
      const delaySeconds = Math.ceil(waitSeconds);
      await deps.queues.syncs([{ version: 1, application, hops: hops + 1 }], { delaySeconds });
    }
  };

/** The render may have ended between the look at it and the write of `awaiting`; then nobody else wakes this row. */
const isRendered = async (deps: SyncDeps, renderKey: string): Promise<boolean> =>
  (await deps.renders.getMany([renderKey])).some(({ state }) => state !== 'pending');

const claim = (deps: SyncDeps, id: string, owner: string): Promise<ApplicationRow | undefined> =>
  updateRow(deps.applications, id, (known) => {
    if (!known || !leaseIsFree(known.lease, owner, deps.clock())) return undefined;
    const lease = newLease(owner, deps.clock());
    return { ...known, lease, fence: known.fence + 1, due: lease.until };
  });

/** Writes the result and lets go in one write; goes on where a newer plan came in meanwhile. */
const release = async (
  deps: SyncDeps,
  seen: ApplicationRow,
  owner: string,
  { change, clear = [], forget, waitSeconds, dueSeconds }: Advance,
): Promise<{ told?: ApplicationRow; again?: ApplicationRow }> => {
  let isStale = false;
  const saved = await updateKnownRow(deps.applications, seen, (known) => {
    if (known?.lease?.owner !== owner) return undefined;
    isStale = isNews(known, seen);
    const next = { ...known, ...change };
    // What somebody else wrote meanwhile is not ours to take away.
    for (const field of clear) if (stableText(known[field]) === stableText(seen[field])) delete next[field];
    // A newer plan waits for renders of its own; its times and its due date stand, and what was waited for is over.
    if (isStale) {
      const { waiting: _waiting, ...rest } = next;
      return {
        ...rest,
        desired: known.desired,
        times: known.desired?.generation === seen.desired?.generation ? next.times : known.times,
        ...(known.awaiting ? { awaiting: known.awaiting } : {}),
      };
    }
    delete next.lease;
    delete next.due;
    delete next.displaced;
    const untold = stillDisplaced(known, seen.displaced);
    if (untold.length > 0) next.displaced = untold;
    const backstop = waitSeconds === undefined ? dueSeconds : waitSeconds + DUE_MARGIN_SECONDS;
    // What was not told yet is outstanding, too: a crash right here must not leave the rollout without its end, nor the row
    // of what is gone.
    const isDone = !forget && untold.length === 0 && isTold(next, deps.clock()) && hasEnded(next, deps.clock());
    const seconds = backstop ?? (isDone ? undefined : DUE_MARGIN_SECONDS);
    const due = seconds === undefined ? nextComparison(next, compareSecondsOf(deps)) : deps.clock() + seconds * 1_000;
    return due === undefined ? next : { ...next, due };
  });
  if (!saved) return {};
  return isStale ? { again: saved } : { told: saved };
};

/** One that others delivered is gone from the control plane, too. A crash before it leaves a row that counts for nothing. */
const forgetRegistration = async ({ registrations }: SyncDeps, { spec }: ApplicationRow): Promise<void> => {
  const row = await registrations.get(registrationId({ kind: 'Application', ...spec }));
  if (row?.deletedAt !== undefined) await registrations.remove(row);
};

/** What came in while the holder was at work: a newer plan, a request to sync or to stop, the end of the application. */
const isNews = (known: ApplicationRow, seen: ApplicationRow): boolean =>
  known.desired?.generation !== seen.desired?.generation ||
  known.syncRequested !== seen.syncRequested ||
  known.refresh !== seen.refresh ||
  known.aborted !== seen.aborted ||
  known.terminated !== seen.terminated ||
  known.dryRun?.requested !== seen.dryRun?.requested ||
  stableText([known.approved, known.healing]) !== stableText([seen.approved, seen.healing]) ||
  known.removed !== seen.removed;

const giveBack = async (deps: SyncDeps, id: string, owner: string): Promise<void> => {
  await updateRow(deps.applications, id, (known) => {
    if (known?.lease?.owner !== owner) return undefined;
    const { lease: _lease, ...free } = known;
    return { ...free, due: deps.clock() + DUE_MARGIN_SECONDS * 1_000 };
  }).catch((error: unknown) => {
    // The lease runs out by itself; what was thrown first is what counts.
    if (!(error instanceof AppError)) throw error;
  });
};
