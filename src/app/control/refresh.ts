import { requestComparison } from '../../domain/comparison.ts';
import { rejected } from '../../domain/errors.ts';
import { changeApplication, unknownApplication } from './change-application.ts';
import type { ControlDeps } from './deps.ts';

/** The refs that are looked at again. */
export interface Refreshed {
  application: string;
  refs: { repository: string; ref: string }[];
  /** A comparison made since then (ms) answers the request. */
  at: number;
}

/**
 * Has every ref that an application's sources were taken from looked at as it is now, as if it had been pushed to, and the
 * application compared with its cluster now. `hard`: without trusting what the last comparison found equal.
 * Errors: AppError `application-unknown`, `source-unread` (rejected).
 */
export const refresh =
  (deps: ControlDeps) =>
  async (id: string, { hard = false }: { hard?: boolean } = {}): Promise<Refreshed> => {
    const row = await deps.applications.get(id);
    if (!row) throw unknownApplication(id);
    const read = row.desired?.revisions ?? [];
    const refs = new Map(read.map(({ repository, ref }) => [`${repository}#${ref}`, { repository, ref }]));
    if (refs.size === 0) throw rejected('source-unread', `no source of ${id} has been read yet: a push plans it`);
    const at = deps.clock();
    await changeApplication(deps, id, (known) => requestComparison(known, at, hard));
    await deps.queues.syncs([{ version: 1, application: id, hops: 0 }]);
    for (const one of refs.values()) deps.events.emit({ event: 'change', at, ...one, cause: 'manual' });
    await deps.queues.changes([...refs.values()].map((one) => ({ version: 1, ...one, cause: 'manual' })));
    return { application: id, refs: [...refs.values()], at };
  };
