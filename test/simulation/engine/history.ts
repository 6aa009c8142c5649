import type { ApplicationRow } from '../../../src/domain/application-row.ts';
import type { KubernetesObject, ResourceRef } from '../../../src/domain/kubernetes-object.ts';
import { resourceKey } from '../../../src/domain/kubernetes-object.ts';
import type { ChatMessage } from '../../../src/ports/chat.ts';
import type { CommitStatus } from '../../../src/ports/commit-statuses.ts';

/** A write that reached a cluster. */
export interface ClusterWrite {
  at: number;
  cluster: string;
  application: string;
  verb: string;
  key: string;
  /** Of the lease that the writer holds, or believes to hold. */
  fence: number;
  generation: number;
  /** The commits that the writer believes to apply, by ref. */
  revisions: readonly string[];
}

/** What happened, as far as the promises speak of it; a breach that shows at once is noted at once. */
export interface History {
  writes: ClusterWrite[];
  statuses: { at: number; status: CommitStatus; rollout: string }[];
  posts: { at: number; rollout: string; message: ChatMessage; edits: number; ts: string }[];
  /** Every key that an application's inventory ever named. */
  inventories: Map<string, Set<string>>;
  breaches: string[];
  /** Webhooks that came again and approvals: somebody's wishes that a rollout be taken up again. */
  asked: number;
}

export const createHistory = (): History => ({
  writes: [],
  statuses: [],
  posts: [],
  inventories: new Map(),
  breaches: [],
  asked: 0,
});

/** Notes a stored application row, and where its counters went down (promise 2). */
export const noteRow = (history: History, before: ApplicationRow | undefined, row: ApplicationRow): void => {
  const breach = (what: string) => history.breaches.push(`2 no regression: ${what} of ${row.id} went down`);
  if (before) {
    if (row.fence < before.fence) breach('fence');
    if ((row.desired?.generation ?? 0) < (before.desired?.generation ?? 0)) breach('generation');
    if ((row.applied?.generation ?? 0) < (before.applied?.generation ?? 0)) breach('applied generation');
  }
  const known = history.inventories.get(row.id) ?? new Set();
  for (const { ref } of row.inventory) known.add(resourceKey(ref));
  history.inventories.set(row.id, known);
};

interface Attempt {
  at: number;
  cluster: string;
  verb: string;
  ref: ResourceRef;
  /** The writer's own row, as it was last stored by it. */
  row: ApplicationRow | undefined;
  live: KubernetesObject | undefined;
  /** The row as everybody sees it at that moment. */
  stored: ApplicationRow | undefined;
}

/** Notes a write that took effect, and what of promises 2, 3, 5 and 10 it breaks. */
export const noteWrite = (history: History, { at, cluster, verb, ref, row, live, stored }: Attempt): void => {
  const key = resourceKey(ref);
  const write: ClusterWrite = {
    at,
    cluster,
    verb,
    key,
    application: row?.id ?? '',
    fence: row?.fence ?? 0,
    generation: row?.desired?.generation ?? 0,
    revisions: row?.desired?.revisions.map(({ ref: from, commit }) => `${from} ${commit}`) ?? [],
  };
  const breach = (what: string) => history.breaches.push(`${what}: ${JSON.stringify(write)}`);
  if (!row) breach('3 one writer: a write without a lease');
  const newest = history.writes.findLast((other) => other.application === write.application);
  if (newest && newest.fence > write.fence) breach(`3 one writer: fence ${newest.fence} has written already`);
  if (row && generationOf(row) < (stored?.applied?.generation ?? 0) && verb !== 'delete')
    breach(`2 no regression: generation ${stored?.applied?.generation} is applied in full already`);
  if (row && row.spec.cluster !== cluster) breach(`10 authority: not in ${row.spec.cluster}`);
  if (verb === 'delete' && row && live) judgeDelete(history, { key, row, live }, breach);
  history.writes.push(write);
};

/** What a worker applies: its operation's generation; where that is not stored yet, the row still shows the last one, ended. */
const generationOf = ({ operation, desired }: ApplicationRow): number =>
  operation && operation.stage !== 'ended' ? operation.generation : (desired?.generation ?? 0);

const judgeDelete = (
  history: History,
  { key, row, live }: { key: string; row: ApplicationRow; live: KubernetesObject },
  breach: (what: string) => void,
): void => {
  const tracking = live.metadata.annotations?.['argocd.argoproj.io/tracking-id'] ?? '';
  if (!history.inventories.get(row.id)?.has(key)) breach('5 prune safety: never in the inventory');
  if (!tracking.startsWith(`${row.spec.name}:`)) breach(`5 prune safety: it belongs to ${tracking || 'nobody'}`);
  if (row.desired?.error && !row.removed) breach('5 prune safety: after an error');
};
