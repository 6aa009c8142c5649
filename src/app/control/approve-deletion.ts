import { approveDeletion } from '../../domain/approve-deletion.ts';
import { changeApplication } from './change-application.ts';
import type { ControlDeps } from './deps.ts';
import type { Asked } from './sync.ts';

/**
 * Allows what an application waits to prune or delete. Answers with the generation that it is at.
 * Errors: AppError `application-unknown`, `nothing-to-approve` (rejected).
 */
export const approveDeletions =
  (deps: ControlDeps) =>
  async (id: string): Promise<Asked> => {
    const saved = await changeApplication(deps, id, (row) => approveDeletion(row, deps.clock()));
    await deps.queues.syncs([{ version: 1, application: id, hops: 0 }]);
    return { application: id, generation: saved.desired?.generation ?? 0 };
  };
