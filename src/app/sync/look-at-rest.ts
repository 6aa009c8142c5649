import type { ApplicationRow } from '../../domain/application-row.ts';
import { desiredDigest, isAskedFor, nextComparison } from '../../domain/comparison.ts';
import { outcomeOf } from '../../domain/outcome-of.ts';
import { rivalText } from '../../domain/sync/second-writer.ts';
import { decideHeal } from '../../domain/sync/self-heal.ts';
import { healHeldSeconds } from './await-window.ts';
import { type ComparisonInput, compareApplication } from './compare-application.ts';
import { compareSecondsOf, type SyncDeps } from './deps.ts';
import type { Advance } from './look.ts';
import { isWatched, watchHealth } from './watch-health.ts';

export interface RestInput extends ComparisonInput {
  /** Observe mode: what differs is shown and left. */
  observe: boolean;
}

/**
 * Looks at an application whose desired generation is applied: at its health while that settles; else, where a comparison
 * is due or was asked for, at whether the cluster still is as desired, and starts self-heal where that is on.
 */
export const lookAtRest = async (deps: SyncDeps, input: RestInput): Promise<Advance> => {
  const { row, cluster } = input;
  const now = deps.clock();
  const isDue = (nextComparison(row, compareSecondsOf(deps)) ?? Number.POSITIVE_INFINITY) <= now;
  if (!isDue || (isWatched(row, now) && !isAskedFor(row))) return watchHealth(deps, row, cluster);
  const compared = await compareApplication(deps, input);
  const seen = { ...row, ...compared.change };
  tellChange(deps, row, seen);
  if (isWatched(seen, now)) compared.waitSeconds ??= 1;
  return input.observe ? compared : healed(deps, input, seen, compared);
};

/**
 * What an application that waits for a person (manual sync, observe mode) or whose sync failed is given besides: how its
 * cluster stands to what is desired, as soon as that is new to it and then at the interval. Nothing is healed.
 */
export const withComparison = async (deps: SyncDeps, input: ComparisonInput, held: Advance): Promise<Advance> => {
  const row = { ...input.row, ...held.change };
  for (const field of held.clear ?? []) delete row[field];
  const next = nextComparison(row, compareSecondsOf(deps));
  const isNew = row.compared?.desired !== desiredDigest(row, input.settings);
  const { sync: _sync, ...rest } = held.change;
  if (next === undefined || (isNew && !row.desired?.renderKeys.length)) return held;
  // What the last comparison said still counts.
  if (!isNew && next > deps.clock()) return { ...held, change: rest };
  const { change } = await compareApplication(deps, { ...input, row });
  tellChange(deps, input.row, { ...row, ...change });
  return { ...held, change: { ...held.change, ...change } };
};

/** For those who watch: it is not as it was when it was last looked at. */
const tellChange = (deps: SyncDeps, before: ApplicationRow, now: ApplicationRow): void => {
  const { spec, desired, told } = now;
  if (before.sync === now.sync && before.health.status === now.health.status) return;
  const differing = now.resources.filter(({ sync }) => sync === 'OutOfSync');
  const [first] = differing;
  const drift = first && `${first.kind}/${first.name} ${first.message ?? 'differs'}`;
  const more = differing.length > 1 ? ` (and ${differing.length - 1} more)` : '';
  const message = now.compared?.error ?? (drift ? `${drift}${more}` : now.health.message);
  deps.events.emit({
    event: 'application',
    at: deps.clock(),
    rollout: desired?.rollout ?? '',
    application: now.id,
    environment: spec.environment,
    cluster: spec.cluster,
    // Nobody was told yet of what waits, and it is not applied.
    phase: told?.phase ?? outcomeOf(now, deps.clock())?.phase ?? 'applied',
    health: now.health.status,
    sync: now.sync,
    ...(message ? { message } : {}),
  });
};

/** The comparison with what self-heal makes of it: an operation on the objects that differ, a later look, or nothing. */
const healed = (deps: SyncDeps, input: RestInput, seen: ApplicationRow, compared: Advance): Advance => {
  const { desired } = seen;
  if (seen.sync !== 'OutOfSync' || !desired) return compared;
  const now = deps.clock();
  const decision = decideHeal(seen, now);
  const rival = rivalText(seen);
  if (decision.action === 'start' && rival !== undefined)
    return { ...compared, change: { ...compared.change, waiting: rival } };
  if (decision.action === 'later') {
    return { ...laterBy(compared, decision.seconds, now), waitSeconds: decision.seconds };
  }
  if (decision.action !== 'start' || decision.because !== 'self-heal') return compared;
  // Held by a sync window: looked at again when it opens, whatever the interval.
  const held = healHeldSeconds(input, now);
  if (held !== undefined) return laterBy(compared, held, now);
  const { options, heals } = decision;
  const healing = { generation: desired.generation, heals, options };
  return { ...compared, change: { ...compared.change, healing }, waitSeconds: 0 };
};

const laterBy = (compared: Advance, seconds: number, now: number): Advance => ({
  ...compared,
  change: { ...compared.change, refresh: now + Math.ceil(seconds * 1_000) },
});
