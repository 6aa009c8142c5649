import type { ApplicationRow } from '../domain/application-row.ts';
import { type ClusterRow, factsDigest, haveFactsMoved } from '../domain/cluster-row.ts';
import type { FleetRow } from '../domain/fleet-row.ts';
import type { Rollout } from '../domain/rollout.ts';
import type { Queues } from '../ports/queues.ts';
import type { Store } from '../ports/store.ts';
import { createForcedChanges, type ForcedChanges } from './forced-changes.ts';
import { loadFleet, type Snapshots } from './load-fleet.ts';
import { updateRow } from './update-row.ts';

export interface PollFactsDeps {
  fleets: Store<FleetRow>;
  clusters: Store<ClusterRow>;
  applications: Pick<Store<ApplicationRow>, 'getMany'>;
  rollouts: Pick<Store<Rollout>, 'get'>;
  snapshots: Snapshots;
  queues: Pick<Queues, 'changes'>;
}

const PAGE = 100;

/**
 * Asks for a plan of the applications whose charts read something of their cluster that is otherwise than when they were
 * rendered, or was not known then. Clusters whose facts are as they were cost a look at their rows. Errors: the stores'.
 */
export const pollFacts = (deps: PollFactsDeps) => async (): Promise<{ changes: number }> => {
  const { file, snapshot } = await loadFleet(deps);
  const rows = await deps.clusters.getMany(file.clusters.map(({ name }) => name));
  const moved = new Map(
    rows.flatMap((row) => (row.facts && factsDigest(row) !== row.told ? [[row.id, row] as const] : [])),
  );
  if (moved.size === 0) return { changes: 0 };
  const loaded = await deps.snapshots.load(snapshot);
  const there = (loaded?.applications ?? []).filter(({ cluster }) => moved.has(cluster)).map(({ id }) => id);
  const changes = createForcedChanges(deps.rollouts);
  for (let at = 0; at < there.length; at += PAGE) {
    const page = await deps.applications.getMany(there.slice(at, at + PAGE));
    for (const row of page) await addMoved(changes, row, moved.get(row.spec.cluster));
  }
  const messages = changes.messages();
  await deps.queues.changes(messages);
  // Told once it is sent: a crash before sends it again.
  for (const row of moved.values()) {
    await updateRow(deps.clusters, row.id, (known) => known && { ...known, told: factsDigest(row) });
  }
  return { changes: messages.length };
};

const addMoved = async (
  changes: ForcedChanges,
  row: ApplicationRow,
  cluster: ClusterRow | undefined,
): Promise<void> => {
  const used = row.desired?.facts;
  if (used && cluster?.facts && haveFactsMoved(used, cluster.facts)) await changes.add(row);
};
