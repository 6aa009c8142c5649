import { AppError } from '../domain/errors.ts';
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
import type { OpenRepository, Repository } from '../ports/repository.ts';
import type { Store } from '../ports/store.ts';
import { eachOf } from './each-of.ts';
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

/** Forges ask for few requests at a time (GitHub's secondary limits). */
const POLLS_AT_ONCE = 8;

interface Failing {
  failures: number;
  /** Polls to leave out before it is tried again. */
  skip: number;
  /** Not before that, as its host said (ms). */
  notBefore?: number;
}

/** What a poll came to. */
interface Polled {
  changes: number;
  lost?: boolean;
}

/** What the polls before this one know of repositories, by URL. */
interface Known {
  failing: Map<string, Failing>;
  /** The followed refs that were there. */
  seen: Map<string, ReadonlySet<string>>;
}

/**
 * The backstop of webhooks: lists every registered repository's refs (one round trip each, conditional where the forge
 * knows that) and asks for a plan of those that the fleet follows and that stand elsewhere than at their last plan, or are
 * gone. A repository that does not answer is logged, does not hold up the others, and is asked less and less often; one
 * whose host limits requests is asked when the host said. `lost`: nobody knows what the fleet follows, because the cache has
 * lost its snapshot; then the fleet is planned, which makes it again, and the poll is to be repeated.
 */
export const pollRefs = (deps: PollDeps): (() => Promise<Polled>) => {
  const known: Known = { failing: new Map(), seen: new Map() };
  return async () => {
    const fleet = await loadFleet(deps);
    const snapshot = await deps.snapshots.load(fleet.snapshot);
    const sources = followedSources(fleet.file, snapshot);
    const lost = fleet.snapshot !== undefined && snapshot === undefined && fleet.source !== undefined;
    const due = fleet.file.repositories.filter(({ url }) => isDue(known.failing, url, deps.clock()));
    const changes = lost && fleet.source ? [compileAgain(fleet.source)] : [];
    await eachOf(due, POLLS_AT_ONCE, async (config) => {
      changes.push(...(await pollOne(deps, config, { fleet, sources, known })));
    });
    for (const { version: _version, seenAt: _seenAt, ...change } of changes) {
      deps.events.emit({ event: 'change', at: deps.clock(), ...change });
    }
    await deps.queues.changes(changes);
    return { changes: changes.length, ...(lost ? { lost } : {}) };
  };
};

/** A plan of the ref that the fleet is compiled from, though that stands where it stood. */
const compileAgain = (source: { repository: string; ref: string }): ChangeMessage => ({
  version: 1,
  ...source,
  cause: 'poll',
  stale: true,
});

const isDue = (failing: Map<string, Failing>, url: string, now: number): boolean => {
  const known = failing.get(url);
  if (known?.notBefore !== undefined) return known.notBefore <= now;
  if (!known || known.skip <= 0) return true;
  failing.set(url, { ...known, skip: known.skip - 1 });
  return false;
};

interface PollInput {
  fleet: FleetRow;
  sources: readonly FollowedSource[];
  known: Known;
}

const pollOne = async (deps: PollDeps, config: RepositoryConfig, input: PollInput): Promise<ChangeMessage[]> => {
  const { failing } = input.known;
  try {
    const changes = await pollRepository(deps, config, input);
    failing.delete(config.url);
    return changes;
  } catch (error) {
    const failed = failedAgain(failing.get(config.url), error, deps);
    failing.set(config.url, failed);
    const { failures, skip, notBefore } = failed;
    const reason = error instanceof Error ? error.message : '';
    const until = notBefore === undefined ? { skippedPolls: skip } : { notBefore: new Date(notBefore).toISOString() };
    deps.log.warn('poll failed', { repository: config.url, reason, failures, ...until });
    return [];
  }
};

/** Those that failed together are not tried again together; those that are limited, not before their host said. */
const failedAgain = (before: Failing | undefined, error: unknown, { clock, random }: PollDeps): Failing => {
  const failures = (before?.failures ?? 0) + 1;
  const most = Math.min(MOST_SKIPPED, 2 ** (failures - 1) - 1);
  const skip = Math.ceil(most * (0.5 + random() / 2));
  const wait = error instanceof AppError ? error.retryAfterSeconds : undefined;
  return { failures, skip, ...(wait === undefined ? {} : { notBefore: clock() + wait * 1_000 * (1 + random() / 10) }) };
};

const pollRepository = async (
  deps: PollDeps,
  config: RepositoryConfig,
  { fleet, sources, known }: PollInput,
): Promise<ChangeMessage[]> => {
  const { url } = config;
  const repository = deps.openRepository(config);
  const defaultBranch = await repository.defaultBranch();
  const listed = await repository.listRefs();
  const followed = followedRefs(sources, { url, refs: listed.keys(), defaultBranch });
  const commits = await commitsOf(repository, listed, followed);
  // The newest tag of a range, deleted: the range means another one now, which may have been planned long ago.
  const vanished = [...(known.seen.get(url) ?? [])].filter((ref) => !listed.has(ref) && !followed.includes(ref));
  const rows = await deps.refs.getMany([...followed, ...vanished].map((ref) => refId(url, ref)));
  const planned = new Map(rows.map((row) => [row.ref, row]));
  const moved = [...followed, ...vanished].filter((ref) => {
    const [row, commit] = [planned.get(ref), commits.get(ref)];
    return row?.head !== commit || (commit !== undefined && row?.snapshot !== fleet.snapshot);
  });
  known.seen.set(url, new Set(commits.keys()));
  const seenAt = deps.clock();
  return moved.map((ref) => {
    const commit = commits.get(ref);
    return { version: 1, repository: url, ref, cause: 'poll', seenAt, ...(commit === undefined ? {} : { commit }) };
  });
};

const LISTED = /^refs\/(?:heads|tags)\//;

/** Where the followed refs stand; those that no listing holds (`refs/pull/7/head`) are asked for one by one. */
const commitsOf = async (
  repository: Repository,
  listed: ReadonlyMap<string, string>,
  followed: readonly string[],
): Promise<Map<string, string>> => {
  const found = new Map<string, string>();
  for (const ref of followed) {
    const commit = LISTED.test(ref) ? listed.get(ref) : await repository.resolve(ref);
    if (commit !== undefined) found.set(ref, commit);
  }
  return found;
};
