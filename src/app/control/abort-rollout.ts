import { abortApplication } from '../../domain/abort.ts';
import { rejected } from '../../domain/errors.ts';
import { eachOf } from '../each-of.ts';
import { updateRow } from '../update-row.ts';
import type { ControlDeps } from './deps.ts';

/** The applications that an abort stopped. */
export interface Aborted {
  rollout: string;
  applications: string[];
}

const STOPS_IN_FLIGHT = 16;

/**
 * Stops a rollout: what it has not applied yet stays as it is, operations under way are terminated, what is applied stays.
 * What was stopped counts as failed; a retry or a sync takes it up again.
 * Errors: AppError `rollout-unknown`, `nothing-to-abort` (rejected).
 */
export const abortRollout =
  (deps: ControlDeps) =>
  async (id: string): Promise<Aborted> => {
    const rollout = await deps.rollouts.get(id);
    if (!rollout) throw rejected('rollout-unknown', `there is no rollout ${id}`);
    const stopped: string[] = [];
    await eachOf(rollout.applications, STOPS_IN_FLIGHT, async ({ application }) => {
      const saved = await updateRow(
        deps.applications,
        application,
        (row) => row && abortApplication(row, id, deps.clock()),
      );
      if (saved) stopped.push(application);
    });
    if (stopped.length === 0) throw nothingToAbort(id, rollout.state);
    // Whoever looks at the row next stops there and tells the outcome; a message lost is sent again, as the row is due.
    await deps.queues.syncs(stopped.map((application) => ({ version: 1, application, hops: 0 })));
    return { rollout: id, applications: stopped.toSorted() };
  };

const nothingToAbort = (id: string, state: string) =>
  rejected(
    'nothing-to-abort',
    state === 'planning'
      ? `rollout ${id} is still being planned: nothing is under way that could be stopped`
      : `nothing of rollout ${id} is outstanding: what it applied is undone with towline app rollback`,
  );
