import type { RefRow } from '../../domain/ref-row.ts';
import { updateRow } from '../update-row.ts';
import type { PlanDeps } from './deps.ts';

/** Applications of a deleted ref that asked for lost manifests (`forced`) wait for nothing any more: they have failed. */
export const giveUpLost = async (deps: PlanDeps, row: RefRow): Promise<void> => {
  for (const id of row.forced ?? []) await giveUp(deps, id, row);
};

const giveUp = async (deps: PlanDeps, id: string, { repository, ref }: RefRow): Promise<void> => {
  const message = `${ref} of ${repository} is gone: the manifests of its last commit cannot be made again`;
  const told = await updateRow(deps.applications, id, (known) => {
    if (!known?.desired || known.pinned || known.desired.error) return undefined;
    if (!known.desired.revisions.some((one) => one.repository === repository && one.ref === ref)) return undefined;
    return {
      ...known,
      desired: { ...known.desired, error: { code: 'ref-gone', message } },
      due: deps.clock() + 60_000,
    };
  });
  if (told) await deps.queues.syncs([{ version: 1, application: id, hops: 0 }]);
};
