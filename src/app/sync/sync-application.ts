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
import { hasEnded, tellDisplaced, tellOutcome, untold } from './tell-outcome.ts';

const DUE_MARGIN_SECONDS = 60;

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
        const told = await tell(deps, row, result);
        const next = await release(deps, row, owner, { ...result, ...(told ? { told } : {}) });
        const isGone = result.forget && next.free && (await deps.applications.remove(next.free));
        if (isGone) await forgetRegistration(deps, row);
        if (result.change.awaiting && next.free && (await isRendered(deps, result.change.awaiting))) waitSeconds = 0;
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

/**
 * Tells what the look came to where that is news for the rollout, before the row says that it was told: a crash in between
 * tells the same again. Undefined where there is nothing to tell, or it could not be told: what was done is kept all the
 * same, and the row stays due.
 */
const tell = async (deps: SyncDeps, seen: ApplicationRow, { change, clear = [] }: Advance) => {
  const row = { ...seen, ...change };
  for (const field of clear) delete row[field];
  const told = untold(row, deps.clock());
  if (!told) return undefined;
  try {
    await tellOutcome(deps, row, told);
    return told;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    deps.log.warn('outcome not told', { application: row.id, code: error.code, reason: error.message });
    return undefined;
  }
};

/**
 * Writes the result, what was told of it, and lets go, in one write; goes on where a newer plan came in meanwhile, of which
 * nothing was told yet.
 */
const release = async (
  deps: SyncDeps,
  seen: ApplicationRow,
  owner: string,
  { change, clear = [], forget, waitSeconds, dueSeconds, told }: Advance & Pick<ApplicationRow, 'told'>,
): Promise<{ free?: ApplicationRow; again?: ApplicationRow }> => {
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
      const isSame = known.desired?.generation === seen.desired?.generation;
      return {
        ...rest,
        desired: known.desired,
        times: isSame ? next.times : known.times,
        ...(isSame && told ? { told } : {}),
        ...(known.awaiting ? { awaiting: known.awaiting } : {}),
      };
    }
    delete next.lease;
    delete next.due;
    delete next.displaced;
    const displaced = stillDisplaced(known, seen.displaced);
    if (displaced.length > 0) next.displaced = displaced;
    if (told) next.told = told;
    const backstop = waitSeconds === undefined ? dueSeconds : waitSeconds + DUE_MARGIN_SECONDS;
    // What was not told yet is outstanding, too: a crash right here must not leave the rollout without its end, nor the row
    // of what is gone.
    const isTold = displaced.length === 0 && !untold(next, deps.clock());
    const isDone = !forget && isTold && hasEnded(next, deps.clock());
    const seconds = backstop ?? (isDone ? undefined : DUE_MARGIN_SECONDS);
    const due = seconds === undefined ? nextComparison(next, compareSecondsOf(deps)) : deps.clock() + seconds * 1_000;
    return due === undefined ? next : { ...next, due };
  });
  if (!saved) return {};
  return isStale ? { again: saved } : { free: saved };
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
