import { createHash } from 'node:crypto';
import type { ApplicationRow } from '../../domain/application-row.ts';
import { AppError, rejected } from '../../domain/errors.ts';
import { rollBack, rollbackTarget } from '../../domain/rollback.ts';
import type { Rollout } from '../../domain/rollout.ts';
import { eachOf } from '../each-of.ts';
import { changeApplication } from './change-application.ts';
import type { ControlDeps } from './deps.ts';
import { checkManifests, openRollback } from './roll-back.ts';
import { send } from './sync.ts';

/** The applications that are rolled back together, in a rollout of their own. */
export interface RolledBackRollout {
  rollout: string;
  applications: string[];
}

const IN_FLIGHT = 16;

/**
 * Rolls back what a rollout still decides: each of its applications to the manifests that it had before. What has none, or
 * belongs to a newer rollout by now, stays as it is. Errors: AppError `rollout-unknown`, `nothing-to-roll-back` (rejected).
 */
export const rollBackRollout =
  (deps: ControlDeps) =>
  async (id: string): Promise<RolledBackRollout> => {
    const rollout = await deps.rollouts.get(id);
    if (!rollout) throw rejected('rollout-unknown', `there is no rollout ${id}`);
    const rows = await deps.applications.getMany(rollout.applications.map(({ application }) => application));
    const ours = rows.filter(({ desired, removed }) => desired?.rollout === id && !removed);
    const own = createHash('sha256').update(`${id}\nrollback\n${rollout.attempt}`).digest('hex').slice(0, 16);
    const rolled: ApplicationRow[] = [];
    const reasons: string[] = [];
    await eachOf(ours, IN_FLIGHT, async (row) => {
      const one = await rollBackOne(deps, row, { rollout, own });
      if (typeof one === 'string') reasons.push(one);
      else rolled.push(one);
    });
    if (rolled.length === 0) throw nothing(id, reasons);
    const { repository, ref, commit } = rollout;
    const at = { repository, ref, commit };
    await openRollback(deps, { rollout: own, at, subject: `rollback of ${commit.slice(0, 7)}`, rows: rolled });
    await eachOf(rolled, IN_FLIGHT, (row) => send(deps, row, 'sync'));
    return { rollout: own, applications: rolled.map((row) => row.id).toSorted() };
  };

/** The row as it is rolled back, or why it is not. */
const rollBackOne = async (
  deps: ControlDeps,
  seen: ApplicationRow,
  { rollout, own }: { rollout: Rollout; own: string },
): Promise<ApplicationRow | string> => {
  try {
    const target = rollbackTarget(seen, undefined);
    await checkManifests(deps, seen, target);
    return await changeApplication(deps, seen.id, (row) => {
      if (row.desired?.rollout !== rollout.id) {
        throw rejected('application-moved-on', `${row.id} belongs to a newer rollout`);
      }
      return rollBack(row, target, { rollout: own, now: deps.clock() });
    });
  } catch (error) {
    if (error instanceof AppError && error.kind === 'rejected') return error.message;
    throw error;
  }
};

const nothing = (id: string, reasons: readonly string[]): AppError =>
  rejected(
    'nothing-to-roll-back',
    reasons[0] ?? `rollout ${id} decides no application any more: a newer one, or a rollback, took over`,
  );
