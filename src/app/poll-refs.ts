import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';
import { type FollowedSource, followedSources } from '../domain/fleet/followed-sources.ts';
import type { FleetRow } from '../domain/fleet-row.ts';
import { followedRefs } from '../domain/followed-refs.ts';
import { type RefRow, refId } from '../domain/ref-row.ts';
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
  /** From 0 to 1. */
  random: () => number;
  log: Log;
}

/** A repository that does not answer is left alone for so many intervals at most. */
const MOST_SKIPPED = 32;

interface Failing {
  failures: number;
  /** Polls to leave out before it is tried again. */
  skip: number;
}

/**
 * The backstop of webhooks: lists every registered repository's refs (one round trip each, conditional where the forge
 * knows that) and asks for a plan of those that the fleet follows and that stand elsewhere than at their last plan, or are
 * gone. A repository that does not answer is logged, does not hold up the others, and is asked less and less often.
 */
export const pollRefs = (deps: PollDeps): (() => Promise<{ changes: number }>) => {
  const failing = new Map<string, Failing>();
  return async () => {
    const fleet = await loadFleet(deps);
    const snapshot = await deps.snapshots.load(fleet.snapshot);
    const sources = followedSources(fleet.file, snapshot);
    const due = fleet.file.repositories.filter(({ url }) => isDue(failing, url));
    const found = await Promise.all(due.map((config) => pollOne(deps, config, { fleet, sources, failing })));
    const changes = found.flat();
    for (const { version: _version, seenAt: _seenAt, ...change } of changes) {
      deps.events.emit({ event: 'change', at: deps.clock(), ...change });
    }
    await deps.queues.changes(changes);
    return { changes: changes.length };
  };
};

const isDue = (failing: Map<string, Failing>, url: string): boolean => {
  const known = failing.get(url);
  if (!known || known.skip <= 0) return true;
  failing.set(url, { ...known, skip: known.skip - 1 });
  return false;
};

interface PollInput {
  fleet: FleetRow;
  sources: readonly FollowedSource[];
  failing: Map<string, Failing>;
}

const pollOne = async (deps: PollDeps, config: RepositoryConfig, input: PollInput): Promise<ChangeMessage[]> => {
  const { failing } = input;
  try {
    const changes = await pollRepository(deps, config, input);
    failing.delete(config.url);
    return changes;
  } catch (error) {
    const failures = (failing.get(config.url)?.failures ?? 0) + 1;
    // Those that failed together are not tried again together.
    const most = Math.min(MOST_SKIPPED, 2 ** (failures - 1) - 1);
    const skip = Math.ceil(most * (0.5 + deps.random() / 2));
    failing.set(config.url, { failures, skip });
    const reason = error instanceof Error ? error.message : '';
    deps.log.warn('poll failed', { repository: config.url, reason, failures, skippedPolls: skip });
    return [];
  }
};

const pollRepository = async (
  deps: PollDeps,
  config: RepositoryConfig,
  { fleet, sources }: PollInput,
): Promise<ChangeMessage[]> => {
  const repository = deps.openRepository(config);
  const defaultBranch = await repository.defaultBranch();
  const refs = await repository.listRefs();
  const followed = followedRefs(sources, { url: config.url, refs: refs.keys(), defaultBranch });
  const rows = await deps.refs.getMany(followed.map((ref) => refId(config.url, ref)));
  const known = new Map(rows.map((row) => [row.ref, row]));
  return followed.flatMap((ref) => {
    const [row, commit] = [known.get(ref), refs.get(ref)];
    const current = row?.head === commit && (commit === undefined || row?.snapshot === fleet.snapshot);
    if (current) return [];
    const hint = commit === undefined ? {} : { commit };
    const seenAt = deps.clock();
    return [{ version: 1 as const, repository: config.url, ref, cause: 'poll' as const, seenAt, ...hint }];
  });
};
