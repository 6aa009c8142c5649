import type { Row } from './row.ts';
import type { ClusterFacts } from './sources/render-key.ts';
import { stableDigest } from './stable-digest.ts';

/** What is known of a cluster that charts ask about; one that no chart asks about has no row. `id` is its name. */
export interface ClusterRow extends Row {
  facts?: ClusterFacts;
  /** Digest of the facts that every plan that reads them was asked to be made with. */
  told?: string;
  /** Why they could not be read the last time. */
  failure?: { message: string; count: number };
}

const READ_AGAIN_MS = 10 * 60_000;
const RETRY_MS = 60_000;
const RETRY_AT_MOST_MS = 30 * 60_000;

/** A row for a cluster that is asked about for the first time: due at once, should the message be lost. */
export const newClusterRow = (name: string, now: number): ClusterRow => ({ id: name, version: 0, due: now + RETRY_MS });

/** The row with what the cluster says now, looked at again in ten minutes. */
export const factsRead = (row: ClusterRow, facts: ClusterFacts, now: number): ClusterRow => {
  const { failure: _passed, ...rest } = row;
  return { ...rest, facts, due: now + READ_AGAIN_MS };
};

/** The row of a cluster that did not answer: what it said last stands, and it is asked less and less often. */
export const factsUnread = (row: ClusterRow, message: string, now: number): ClusterRow => {
  const count = (row.failure?.count ?? 0) + 1;
  return { ...row, failure: { message, count }, due: now + Math.min(RETRY_AT_MOST_MS, RETRY_MS * 2 ** (count - 1)) };
};

/** Digest of a cluster's facts; '' where there are none. */
export const factsDigest = ({ facts }: Pick<ClusterRow, 'facts'>): string => (facts ? stableDigest(facts) : '');

/** The facts that a render was made with, as far as its chart reads them; '' for one that was not known. */
export interface UsedFacts {
  kubeVersion?: string;
  /** A digest. */
  apiVersions?: string;
}

/** Of a cluster's facts, what a chart uses of them. */
export const usedFacts = (
  facts: ClusterFacts | undefined,
  use: { kubeVersion: boolean; apiVersions: boolean },
): UsedFacts => ({
  ...(use.kubeVersion ? { kubeVersion: facts?.kubeVersion ?? '' } : {}),
  ...(use.apiVersions ? { apiVersions: facts ? stableDigest(facts.apiVersions) : '' } : {}),
});

/** Whether something that a render was made with is otherwise now. */
export const haveFactsMoved = (used: UsedFacts, facts: ClusterFacts): boolean => {
  const now = usedFacts(facts, { kubeVersion: true, apiVersions: true });
  return (
    (used.kubeVersion !== undefined && used.kubeVersion !== now.kubeVersion) ||
    (used.apiVersions !== undefined && used.apiVersions !== now.apiVersions)
  );
};
