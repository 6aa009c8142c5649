import type { CompiledApplication, FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import type { RefRow } from '../../domain/ref-row.ts';
import { refOfRevision, refsMeant, tagsAmong } from '../../domain/revision.ts';
import { createTakesFrom } from '../../domain/tracking-ref.ts';
import type { Repository } from '../../ports/repository.ts';
import type { PlanDeps } from './deps.ts';

interface MoveOnInput {
  /** Of the ref that is gone. */
  row: RefRow;
  repository: Repository;
  snapshot: FleetSnapshot | undefined;
}

/** What becomes of the applications that stood at a ref which is gone. */
export interface MovedOn {
  /** Ids of those that have nowhere to go. */
  held: string[];
  /** The ref at which each of the others goes on, by its id. */
  moved: ReadonlyMap<string, string>;
}

/**
 * Has the applications of a deleted ref planned where their revisions mean another ref by now, as Argo CD would take them:
 * the tag that has the deleted branch's name, the next tag of a range. Whoever stood elsewhere all along is nobody's
 * concern. Errors: those of the repository, the store and the queue.
 */
export const moveOn = async (deps: PlanDeps, { row, repository, snapshot }: MoveOnInput): Promise<MovedOn> => {
  const at = { repository: row.repository, ref: row.ref, defaultBranch: await repository.defaultBranch() };
  const takes = createTakesFrom(at);
  const taking = (snapshot?.applications ?? []).filter(({ sources }) => sources.some(takes));
  const standing = await standingAt(deps, taking, row);
  if (standing.length === 0) return { held: [], moved: new Map() };
  const listed = await repository.listRefs();
  const known = { tags: tagsAmong(listed.keys()), defaultBranch: at.defaultBranch };
  const found = standing.flatMap(({ id, sources }) => {
    const source = sources.find(takes);
    const refs = refsMeant(refOfRevision(source?.targetRevision, source?.tagPrefix), known);
    const ref = refs.find((one) => one !== row.ref && listed.has(one));
    return ref === undefined ? [] : [[id, ref] as const];
  });
  for (const [ref, group] of Map.groupBy(found, ([, one]) => one)) {
    const applications = group.map(([id]) => id);
    await deps.queues.changes([{ version: 1, repository: row.repository, ref, cause: 'push', applications }]);
  }
  const moved = new Map(found);
  return { moved, held: standing.flatMap(({ id }) => (moved.has(id) ? [] : [id])) };
};

const PAGE = 100;

/** Those that are taken from the ref indeed, or whose row does not say: a range is concerned by more tags than its newest. */
const standingAt = async (
  deps: PlanDeps,
  applications: readonly CompiledApplication[],
  { repository, ref }: RefRow,
): Promise<CompiledApplication[]> => {
  const found: CompiledApplication[] = [];
  for (let start = 0; start < applications.length; start += PAGE) {
    const page = applications.slice(start, start + PAGE);
    const rows = new Map((await deps.applications.getMany(page.map(({ id }) => id))).map((row) => [row.id, row]));
    for (const application of page) {
      const revisions = rows.get(application.id)?.desired?.revisions ?? [];
      const isHere = revisions.some((one) => one.repository === repository && one.ref === ref);
      if (isHere || revisions.length === 0) found.push(application);
    }
  }
  return found;
};
