import { type Lease, leaseIsFree } from './lease.ts';
import type { Row } from './row.ts';

/** A commit that statuses are written on: one reporter at a time, and the newest rollout owns its contexts. */
export interface CommitRow extends Row {
  /** The rollout whose statuses the commit shows, and when it was opened (ms). */
  owner: { rollout: string; since: number };
  lease?: Lease;
  /** Seconds since the epoch after which the row may go. */
  expiresAt: number;
}

/** Longer than writing a few statuses takes, the forge's time limit included. */
const LEASE_MS = 60_000;
const RETENTION_SECONDS = 90 * 86_400;

/** Repository and commit, as a row's id. */
export const commitId = (repository: string, commit: string): string => `${repository}#${commit}`;

export interface CommitClaim {
  id: string;
  rollout: string;
  since: number;
  /** The reporter. */
  by: string;
  now: number;
}

/** `unsure`: the reporter before died while it wrote; what it had written is to be read from the forge. */
export type ClaimedCommit = { type: 'claimed'; row: CommitRow; unsure: boolean } | { type: 'busy' } | { type: 'ceded' };

/** Takes a commit for a rollout's reporter; `ceded`: a newer rollout owns its contexts, `busy`: another one is writing. */
export const takeCommit = (known: CommitRow | undefined, claim: CommitClaim): ClaimedCommit => {
  const { id, rollout, since, by, now } = claim;
  if (known && isNewer(known.owner, { rollout, since })) return { type: 'ceded' };
  if (known && !leaseIsFree(known.lease, by, now)) return { type: 'busy' };
  const expiresAt = Math.floor(now / 1_000) + RETENTION_SECONDS;
  const row = {
    id,
    version: known?.version ?? 0,
    owner: { rollout, since },
    lease: { owner: by, until: now + LEASE_MS },
    expiresAt,
  };
  return { type: 'claimed', row, unsure: known?.lease !== undefined };
};

const isNewer = (one: CommitRow['owner'], than: CommitRow['owner']): boolean =>
  one.rollout !== than.rollout && (one.since > than.since || (one.since === than.since && one.rollout > than.rollout));

/** The row after its reporter is done; undefined where another holds it by now. */
export const releaseCommit = (known: CommitRow | undefined, by: string): CommitRow | undefined => {
  if (known?.lease?.owner !== by) return undefined;
  const { lease: _lease, ...free } = known;
  return free;
};
