/** Who may write what belongs to a row, until when (ms). Outlives the function's time limit by a margin. */
export interface Lease {
  owner: string;
  until: number;
}

/** The functions' time limit is 120 s; the margin covers clock skew and a write under way at the limit. */
export const LEASE_MS = 150_000;

/** True where nobody else holds the lease at `now`. */
export const leaseIsFree = (lease: Lease | undefined, owner: string, now: number): boolean =>
  lease === undefined || lease.owner === owner || lease.until <= now;

/** A lease for `owner`, from `now`. */
export const newLease = (owner: string, now: number): Lease => ({ owner, until: now + LEASE_MS });

/** True while `owner` still holds the lease: a worker that lost it stops at its next step. */
export const holdsLease = (lease: Lease | undefined, owner: string, now: number): boolean =>
  lease?.owner === owner && lease.until > now;
