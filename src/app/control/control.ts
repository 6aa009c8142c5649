import type { SyncRequest } from '../../domain/request-sync.ts';
import { type Aborted, abortRollout } from './abort-rollout.ts';
import { approveDeletions } from './approve-deletion.ts';
import { type ApprovedRemoval, approveRemoval } from './approve-removal.ts';
import type { ControlDeps } from './deps.ts';
import { type Refreshed, refresh } from './refresh.ts';
import { type Retried, retryRollout } from './retry-rollout.ts';
import { type RolledBack, resumeSync, rollBackTo } from './roll-back.ts';
import { type RolledBackRollout, rollBackRollout } from './roll-back-rollout.ts';
import { type Asked, syncNow } from './sync.ts';
import { terminateOperation } from './terminate.ts';

/** What a person may ask of a running stack. Applications are named by id, `NAMESPACE/NAME`. */
export interface Control {
  sync(application: string, options?: SyncRequest): Promise<Asked>;
  terminate(application: string): Promise<Asked>;
  /** Allows what the application waits to prune or delete. */
  approve(application: string): Promise<Asked>;
  refresh(application: string, options?: { hard?: boolean }): Promise<Refreshed>;
  rollBack(application: string, generation?: number): Promise<RolledBack>;
  resume(application: string): Promise<Asked>;
  /** Lets an application go that is gone from Git; `all`: every one that waits for the same reason. */
  approveRemoval(application: string, options?: { all?: boolean }): Promise<ApprovedRemoval>;
  /** Puts what the rollout still decides back to what it was before. */
  rollBackRollout(rollout: string): Promise<RolledBackRollout>;
  retryRollout(rollout: string): Promise<Retried>;
  abortRollout(rollout: string): Promise<Aborted>;
}

/** The write side of the API over the stores and queues. */
export const createControl = (deps: ControlDeps): Control => ({
  sync: syncNow(deps),
  terminate: terminateOperation(deps),
  approve: approveDeletions(deps),
  refresh: refresh(deps),
  rollBack: rollBackTo(deps),
  resume: resumeSync(deps),
  approveRemoval: approveRemoval(deps),
  rollBackRollout: rollBackRollout(deps),
  retryRollout: retryRollout(deps),
  abortRollout: abortRollout(deps),
});
