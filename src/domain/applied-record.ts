import type { ApplicationRow, Applied, Desired } from './application-row.ts';

/** What the row keeps of a generation that is applied in full. `manifests`: the digest of what it was rendered to. */
export const appliedRecord = (
  { generation, rollout, revisions, renderKeys }: Desired,
  manifests: string | undefined,
  at: number,
): Applied => ({
  generation,
  rollout,
  revisions,
  renderKeys,
  ...(manifests === undefined ? {} : { manifests }),
  at,
});

/**
 * The fields of a row whose desired generation needs no operation, since the cluster has all of it: it is applied from now
 * on. The history's newest entry is of the same manifests and moves along, so that a rollback finds others.
 */
export const movedAlong = (
  { desired, applied, history, times }: ApplicationRow,
  now: number,
): Pick<ApplicationRow, 'applied' | 'history' | 'times'> | undefined => {
  if (!desired || !applied) return undefined;
  const record = appliedRecord(desired, applied.manifests, now);
  const [newest, ...older] = history;
  return {
    applied: record,
    history: newest?.generation === applied.generation ? [record, ...older] : history,
    times: { ...times, rendered: times.rendered ?? now, applied: now },
  };
};
