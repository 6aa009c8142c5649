import { createHash } from 'node:crypto';
import type { FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import { environmentsOf, type FleetRow } from '../../domain/fleet-row.ts';
import type { RefRow } from '../../domain/ref-row.ts';
import type { Rollout } from '../../domain/rollout.ts';
import { createTakesFrom } from '../../domain/tracking-ref.ts';
import { updateRow } from '../update-row.ts';
import type { PlanDeps } from './deps.ts';
import { supersede } from './open-rollout.ts';

interface GoneInput {
  row: RefRow;
  fleet: FleetRow;
  defaultBranch: string | undefined;
}

const NAMED_AT_MOST = 5;

/**
 * A deleted ref prunes nothing: its applications stay as they are. That they do is told on the commit that it stood at
 * last, once. Answers with the rollout that says so; undefined where the ref was never planned or is known to be gone.
 */
export const reportGone = async (
  deps: PlanDeps,
  { row, fleet, defaultBranch }: GoneInput,
): Promise<string | undefined> => {
  const { repository, ref, head } = row;
  if (head === undefined) return undefined;
  const at = { repository, ref, defaultBranch };
  const snapshot = await deps.snapshots.load(fleet.snapshot);
  const text = `${ref} of ${repository} is gone: ${heldText(snapshot, at)}; push it again, or change the targetRevision`;
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
    problems: [{ severity: 'error', text }],
    sent: {},
    attempt: 1,
  };
  const opened = await updateRow(deps.rollouts, id, (known) => (known ? undefined : rollout));
  if (row.rollout) await supersede(deps, row.rollout, { id, at: { repository, ref, commit: head } });
  if (opened) await deps.queues.reports([{ version: 1, rollout: id }]);
  deps.log.warn('ref is gone; its applications are held as they are', { repository, ref });
  return id;
};

const heldText = (
  snapshot: FleetSnapshot | undefined,
  at: { repository: string; ref: string; defaultBranch: string | undefined },
): string => {
  const takes = createTakesFrom(at);
  const held = (snapshot?.applications ?? []).filter(({ sources }) => sources.some(takes));
  if (held.length === 0) return 'the fleet stays as it is';
  const names = held.slice(0, NAMED_AT_MOST).map(({ id }) => id);
  const more = held.length > names.length ? ` and ${held.length - names.length} more` : '';
  return `${names.join(', ')}${more} ${held.length === 1 ? 'stays as it is' : 'stay as they are'}`;
};
