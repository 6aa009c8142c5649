import { terminateSync } from '../../domain/terminate-sync.ts';
import { changeApplication } from './change-application.ts';
import type { ControlDeps } from './deps.ts';
import type { Asked } from './sync.ts';

/**
 * Terminates the operation that is under way. Answers with its generation.
 * Errors: AppError `application-unknown`, `no-operation` (rejected).
 */
export const terminateOperation =
  (deps: ControlDeps) =>
  async (id: string): Promise<Asked> => {
    const saved = await changeApplication(deps, id, (row) => terminateSync(row, deps.clock()));
    await deps.queues.syncs([{ version: 1, application: id, hops: 0 }]);
    return { application: id, generation: saved.operation?.generation ?? 0 };
  };
