import type { ApplicationRow } from '../../domain/application-row.ts';
import type { FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import type { RefRow } from '../../domain/ref-row.ts';
import { createTakesFrom } from '../../domain/tracking-ref.ts';
import { eachOf } from '../each-of.ts';
import { updateRow } from '../update-row.ts';
import type { PlanDeps } from './deps.ts';

const WRITES_IN_FLIGHT = 16;
const PAGE = 100;

/**
 * Notes on applications that the ref which they are taken from is gone, for whoever looks at them; they stay as they are
 * otherwise. The next plan of one takes the note away. Errors: the store's.
 */
export const holdAtGone = (
  deps: PlanDeps,
  applications: readonly string[],
  { repository, ref }: Pick<RefRow, 'repository' | 'ref'>,
): Promise<void> => {
  const message = `${ref} of ${repository} is gone; push it again, or change the targetRevision`;
  return eachOf(applications, WRITES_IN_FLIGHT, async (id) => {
    await updateRow(deps.applications, id, (row) =>
      !row || row.removed || row.refGone?.message === message ? undefined : { ...row, refGone: { ref, message } },
    );
  });
};

/** Takes the note away where the ref is there again: its applications need not be planned for that. Errors: the store's. */
export const letGo = async (
  deps: PlanDeps,
  { repository, ref }: Pick<RefRow, 'repository' | 'ref'>,
  { snapshot, defaultBranch }: { snapshot: FleetSnapshot; defaultBranch: string | undefined },
): Promise<void> => {
  const takes = createTakesFrom({ repository, ref, defaultBranch });
  const taking = snapshot.applications.filter(({ sources }) => sources.some(takes)).map(({ id }) => id);
  for (let start = 0; start < taking.length; start += PAGE) {
    const rows = await deps.applications.getMany(taking.slice(start, start + PAGE));
    const noted = rows.filter(({ refGone }) => refGone?.ref === ref);
    await eachOf(noted, WRITES_IN_FLIGHT, async ({ id }) => {
      await updateRow(deps.applications, id, (row) => (row?.refGone?.ref === ref ? withoutNote(row) : undefined));
    });
  }
};

const withoutNote = ({ refGone: _refGone, ...row }: ApplicationRow): ApplicationRow => row;
