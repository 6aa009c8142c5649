import type { ApplicationRow } from '../../domain/application-row.ts';
import { rejected } from '../../domain/errors.ts';
import { eachOf } from '../each-of.ts';
import { updateRow } from '../update-row.ts';
import { unknownApplication } from './change-application.ts';
import type { ControlDeps } from './deps.ts';

/** The applications that go now, by id. */
export interface ApprovedRemoval {
  applications: string[];
}

const WRITES_IN_FLIGHT = 16;

/**
 * Lets an application go that is gone from Git and waits for somebody to approve, as so many went at once; with `all`,
 * every one that waits for the same reason. Errors: AppError `application-unknown`, `removal-not-waiting` (rejected).
 */
export const approveRemoval =
  (deps: ControlDeps) =>
  async (id: string, { all = false }: { all?: boolean } = {}): Promise<ApprovedRemoval> => {
    const row = await deps.applications.get(id);
    if (!row) throw unknownApplication(id);
    const reason = row.removalWaits;
    if (!row.removed || reason === undefined) {
      throw rejected('removal-not-waiting', `the removal of ${id} waits for nobody's approval`);
    }
    const approved: string[] = [];
    const approve = async (one: string): Promise<void> => {
      const saved = await updateRow(deps.applications, one, (known) => approvedRow(known, reason, deps.clock()));
      if (saved) approved.push(one);
    };
    if (!all) await approve(id);
    else {
      for await (const ids of deps.applicationIndex.all()) {
        const waiting = (await deps.applications.getMany(ids)).filter(({ removalWaits }) => removalWaits === reason);
        await eachOf(waiting, WRITES_IN_FLIGHT, (one) => approve(one.id));
      }
    }
    await deps.queues.syncs(approved.map((application) => ({ version: 1, application, hops: 0 })));
    return { applications: approved.toSorted() };
  };

/** The row on its way out; undefined where it is back in Git, or waits for something else by now. */
const approvedRow = (known: ApplicationRow | undefined, reason: string, now: number): ApplicationRow | undefined => {
  if (!known?.removed || known.removalWaits !== reason) return undefined;
  const { removalWaits: _waits, waiting: _waiting, ...rest } = known;
  return { ...rest, due: now };
};
