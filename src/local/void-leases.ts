import { updateRow } from '../app/update-row.ts';
import { type CommitRow, commitId } from '../domain/commit-row.ts';
import type { Lease } from '../domain/lease.ts';
import type { Rollout } from '../domain/rollout.ts';
import type { Row } from '../domain/row.ts';
import type { Store } from '../ports/store.ts';

/** What is due later than any message's delay is no lost message but at rest, such as an application's next comparison. */
const LONGEST_DELAY_MS = 20 * 60_000;

type Leased = Row & { lease?: Lease };

/**
 * After a start no worker of an earlier process is alive and its queue (in memory) is gone: every lease is void, and all
 * that is outstanding is due now instead of in a minute. In AWS the leases run out by themselves.
 */
export const voidLeases = async (stores: readonly Store<Row>[], now: number): Promise<void> => {
  for (const store of stores as readonly Store<Leased>[]) {
    for (const id of await store.due(now + LONGEST_DELAY_MS, 100_000)) {
      await updateRow(store, id, (row) => {
        if (!row || row.due === undefined) return undefined;
        return { ...expireLease(row, now), due: Math.min(row.due, now) };
      });
    }
  }
};

/** The same for the commits that outstanding rollouts write statuses on: these rows are never due themselves. */
export const voidCommitLeases = async (
  rollouts: Store<Rollout>,
  commits: Store<CommitRow>,
  now: number,
): Promise<void> => {
  const outstanding = await rollouts.getMany(await rollouts.due(now + LONGEST_DELAY_MS, 100_000));
  for (const { repository, commit } of outstanding) {
    await updateRow(commits, commitId(repository, commit), (row) => (row?.lease ? expireLease(row, now) : undefined));
  }
};

/** Run out, not taken away: whoever comes next has to see that its holder did not finish. */
const expireLease = <R extends Leased>(row: R, now: number): R =>
  row.lease ? { ...row, lease: { ...row.lease, until: Math.min(row.lease.until, now) } } : row;
