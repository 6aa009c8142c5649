import { createHash } from 'node:crypto';
import { generatorSources } from '../../domain/fleet/followed-sources.ts';
import type { FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import { environmentsOf, type FleetRow } from '../../domain/fleet-row.ts';
import type { RefRow } from '../../domain/ref-row.ts';
import type { Rollout } from '../../domain/rollout.ts';
import { takesFrom } from '../../domain/tracking-ref.ts';
import type { Repository } from '../../ports/repository.ts';
import { updateRow } from '../update-row.ts';
import type { PlanDeps } from './deps.ts';
import { holdAtGone } from './hold-at-gone.ts';
import { moveOn } from './move-on.ts';
import { supersede } from './open-rollout.ts';

interface GoneInput {
  row: RefRow;
  fleet: FleetRow;
  repository: Repository;
}

const NAMED_AT_MOST = 5;

/**
 * A deleted ref prunes nothing: its applications stay as they are, unless their revision means another ref by now. What
 * becomes of them is told on the commit that it stood at last, once. Answers with the rollout that says so; undefined where
 * the ref was never planned, is known to be gone, or was nobody's any more.
 */
export const reportGone = async (
  deps: PlanDeps,
  { row, fleet, repository: opened }: GoneInput,
): Promise<string | undefined> => {
  const { repository, ref, head } = row;
  if (head === undefined) return undefined;
  const snapshot = await deps.snapshots.load(fleet.snapshot);
  const { held, moved } = await moveOn(deps, { row, repository: opened, snapshot });
  await holdAtGone(deps, held, row);
  const isFleets = await concernsFleet(fleet, snapshot, { repository, ref, opened });
  if (held.length + moved.size === 0 && !isFleets) return undefined;
  const now = deps.clock();
  const id = createHash('sha256').update(`${row.id}\ngone\n${row.generation}\n${head}`).digest('hex').slice(0, 16);
  const rollout: Rollout = {
    id,
    version: 0,
    due: now + 60_000,
    repository,
    ref,
    commit: head,
    cause: 'push',
    generation: row.generation + 1,
    createdAt: now,
    plannedAt: now,
    state: 'running',
    applications: [],
    environments: environmentsOf(fleet.file),
    problems: [goneProblem(row, held, moved)],
    sent: {},
    attempt: 1,
  };
  const saved = await updateRow(deps.rollouts, id, (known) => (known ? undefined : rollout));
  if (row.rollout) await supersede(deps, row.rollout, { id, at: { repository, ref, commit: head } });
  if (saved) await deps.queues.reports([{ version: 1, rollout: id }]);
  deps.log.warn('ref is gone', { repository, ref, held: held.length, moved: moved.size });
  return id;
};

/** Whether the fleet itself, or a generator, reads the ref. */
const concernsFleet = async (
  { file }: FleetRow,
  snapshot: FleetSnapshot | undefined,
  { repository, ref, opened }: { repository: string; ref: string; opened: Repository },
): Promise<boolean> => {
  const at = { repository, ref, defaultBranch: await opened.defaultBranch() };
  return [file.source, ...generatorSources(snapshot)].some((source) => takesFrom(source, at));
};

/** Applications that all go on elsewhere are no failure. */
const goneProblem = (
  { repository, ref }: RefRow,
  held: readonly string[],
  moved: ReadonlyMap<string, string>,
): Rollout['problems'][number] => {
  const isHeld = held.length > 0 || moved.size === 0;
  const stay = isHeld ? [`${heldText(held)}; push it again, or change the targetRevision`] : [];
  const text = [...stay, ...movedText(moved)].join('. ');
  return { severity: isHeld ? 'error' : 'warning', text: `${ref} of ${repository} is gone: ${text}` };
};

const heldText = (held: readonly string[]): string =>
  held.length === 0
    ? 'the fleet stays as it is'
    : `${idsText(held)} ${held.length === 1 ? 'stays as it is' : 'stay as they are'}`;

const movedText = (moved: ReadonlyMap<string, string>): string[] =>
  [...Map.groupBy(moved, ([, ref]) => ref)].map(
    ([ref, group]) => `${idsText(group.map(([id]) => id))} ${group.length === 1 ? 'goes' : 'go'} on at ${ref}`,
  );

const idsText = (ids: readonly string[]): string => {
  const more = ids.length - NAMED_AT_MOST;
  return `${ids.slice(0, NAMED_AT_MOST).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};
