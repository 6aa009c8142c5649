import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';
import { type FollowedSource, followedSources } from '../domain/fleet/followed-sources.ts';
import type { FleetRow } from '../domain/fleet-row.ts';
import { type RefRow, refId } from '../domain/ref-row.ts';
import { takesFrom } from '../domain/tracking-ref.ts';
import type { ChangeMessage } from '../messages/change.ts';
import type { Clock } from '../ports/clock.ts';
import type { Events } from '../ports/events.ts';
import type { Log } from '../ports/log.ts';
import type { Queues } from '../ports/queues.ts';
import type { OpenRepository } from '../ports/repository.ts';
import type { Store } from '../ports/store.ts';
import { loadFleet, type Snapshots } from './load-fleet.ts';

export interface PollDeps {
  fleets: Store<FleetRow>;
  refs: Store<RefRow>;
  snapshots: Snapshots;
  openRepository: OpenRepository;
  queues: Pick<Queues, 'changes'>;
  events: Events;
  clock: Clock;
  log: Log;
}

/**
 * The backstop of webhooks: lists every registered repository's refs (one round trip each) and asks for a plan of those
 * that the fleet follows and that stand elsewhere than at their last plan. A repository that does not answer is logged
 * and does not hold up the others.
 */
export const pollRefs = (deps: PollDeps) => async (): Promise<{ changes: number }> => {
  const fleet = await loadFleet(deps);
  const snapshot = await deps.snapshots.load(fleet.snapshot);
  const sources = followedSources(fleet.file, snapshot);
  const found = await Promise.all(
    fleet.file.repositories.map((config) => pollRepository(deps, config, fleet, sources)),
  );
  const changes = found.flat();
  for (const { version: _version, ...change } of changes) {
    deps.events.emit({ event: 'change', at: deps.clock(), ...change });
  }
  await deps.queues.changes(changes);
  return { changes: changes.length };
};

const pollRepository = async (
  deps: PollDeps,
  config: RepositoryConfig,
  fleet: FleetRow,
  sources: readonly FollowedSource[],
): Promise<ChangeMessage[]> => {
  try {
    const repository = deps.openRepository(config);
    const defaultBranch = await repository.defaultBranch();
    const refs = [...(await repository.listRefs())].filter(
      ([ref]) =>
        ref !== 'HEAD' && sources.some((source) => takesFrom(source, { repository: config.url, ref, defaultBranch })),
    );
    const rows = await deps.refs.getMany(refs.map(([ref]) => refId(config.url, ref)));
    const known = new Map(rows.map((row) => [row.ref, row]));
    return refs.flatMap(([ref, commit]) => {
      const row = known.get(ref);
      const current = row?.head === commit && row.snapshot === fleet.snapshot;
      return current ? [] : [{ version: 1 as const, repository: config.url, ref, cause: 'poll' as const, commit }];
    });
  } catch (error) {
    deps.log.warn('poll failed', { repository: config.url, reason: error instanceof Error ? error.message : '' });
    return [];
  }
};
