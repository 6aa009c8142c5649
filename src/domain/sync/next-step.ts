import type { Health } from '../health/health.ts';
import { type KubernetesObject, resourceKey } from '../kubernetes-object.ts';
import { kindRank } from './kind-order.ts';
import type { Action, ActionResult, InventoryEntry, Operation, ResourceResult, Target } from './operation.ts';
import { TRACKING_ANNOTATION } from './prepare-targets.ts';

export interface StepInput {
  operation: Operation;
  targets: readonly Target[];
  inventory: readonly InventoryEntry[];
  /** Objects as last seen in this run, by resource key. */
  live: ReadonlyMap<string, KubernetesObject>;
  /** Of the actions that the step before asked for. */
  results: readonly ActionResult[];
  healthOf: (object: KubernetesObject) => Health | undefined;
  /** The tracking id that an object must carry to be pruned. */
  trackingIdOf: (ref: Target['ref']) => string;
  /** Why the project refuses that this object is pruned; undefined: it permits it. */
  refuses: (ref: Target['ref'], namespaced: boolean) => string | undefined;
  prune: boolean;
  allowEmpty: boolean;
  now: number;
}

export interface Step {
  operation: Operation;
  actions: Action[];
  /** Seconds until a look at the wave that is waited for; absent: go on at once, or done. */
  waitSeconds?: number;
}

/** A wave waits for health; this long between two looks. */
const WAVE_POLL_SECONDS = 1;

/** More than this many of an application's objects, and more than a fifth of them, are pruned only by a person. */
const PRUNE_LIMIT = 10;
const PRUNE_SHARE = 0.2;

/** A new operation on one generation. */
export const startOperation = (id: string, generation: number, now: number): Operation => ({
  id,
  generation,
  phase: 'Running',
  message: '',
  startedAt: now,
  next: 0,
  results: {},
  retries: 0,
});

/**
 * The next step of a sync, from stored state and what was seen: pure, so that it can be taken again after a crash. Groups
 * of one wave and kind are applied one after another, a wave once the one before is healthy, prunes last. An apply that
 * fails stops no other group of its wave, but the waves after it.
 */
export const nextStep = (input: StepInput): Step => {
  const operation = takeResults(input);
  const groups = groupsOf(input.targets);
  const isEmpty = input.targets.every(({ tracked }) => !tracked);
  if (isEmpty && input.inventory.length > 0 && !input.allowEmpty) {
    return end(operation, input.now, 'Failed', 'the sources render to nothing: nothing is pruned without allowEmpty');
  }
  if (operation.next > groups.length) return finish(operation, input.now);
  if (operation.next === groups.length) return prune(operation, input);
  const group = groups[operation.next] ?? [];
  const before = operation.next === 0 ? undefined : groups[operation.next - 1];
  const isNewWave = before !== undefined && before[0]?.wave !== group[0]?.wave;
  if (isNewWave && failures(operation).length > 0) return finish(operation, input.now);
  const waiting = isNewWave ? waveNotHealthy(input, before[0]?.wave ?? 0) : undefined;
  if (waiting) return waitFor(operation, input, waiting);
  const { waitingSince: _since, ...rest } = operation;
  return {
    operation: { ...rest, next: operation.next + 1, message: `applying ${group[0]?.ref.kind ?? ''}` },
    actions: group.map(({ key, object }) => ({ type: 'apply', key, object })),
  };
};

/** Targets by wave and kind, in order. */
const groupsOf = (targets: readonly Target[]): Target[][] => {
  const groups: Target[][] = [];
  for (const target of targets) {
    const [last] = groups.at(-1) ?? [];
    if (last && last.wave === target.wave && kindRank(last.ref.kind) === kindRank(target.ref.kind))
      groups.at(-1)?.push(target);
    else groups.push([target]);
  }
  return groups;
};

const takeResults = ({ operation, results }: StepInput): Operation => {
  const changed: Record<string, ResourceResult> = {};
  for (const { key, type, error } of results) {
    if (error) changed[key] = { status: type === 'delete' ? 'PruneSkipped' : 'SyncFailed', message: error.message };
    else if (type === 'apply') changed[key] = { status: 'Synced', message: '' };
    else if (type === 'delete') changed[key] = { status: 'Pruned', message: '' };
  }
  return { ...operation, results: { ...operation.results, ...changed } };
};

const failures = ({ results }: Operation): [string, ResourceResult][] =>
  Object.entries(results).filter(([, { status }]) => status === 'SyncFailed');

interface Waiting {
  unseen: Target[];
  message: string;
}

/** What of a wave is not healthy yet; undefined: all of it is. */
const waveNotHealthy = ({ targets, live, healthOf }: StepInput, wave: number): Waiting | undefined => {
  const inWave = targets.filter((target) => target.wave === wave);
  const unseen = inWave.filter(({ key }) => !live.has(key));
  const waiting = inWave.flatMap(({ key, ref }) => {
    const object = live.get(key);
    const health = object && healthOf(object);
    return health && health.status !== 'Healthy' ? [{ ref, health }] : [];
  });
  const [first] = waiting;
  if (!first && unseen.length === 0) return undefined;
  const message = first
    ? `wave ${wave} waits for ${first.ref.kind}/${first.ref.name}: ${first.health.status} ${first.health.message}`
    : '';
  return {
    unseen:
      unseen.length > 0 ? unseen : inWave.filter(({ key }) => waiting.some(({ ref }) => resourceKey(ref) === key)),
    message,
  };
};

/** Looks at once at what was not seen in this run; else waits before it looks again. */
const waitFor = (operation: Operation, input: StepInput, { unseen, message }: Waiting): Step => {
  const degraded = unseen.find(({ key }) => {
    const object = input.live.get(key);
    return object !== undefined && input.healthOf(object)?.status === 'Degraded';
  });
  if (degraded) return end(operation, input.now, 'Failed', message);
  const isFirstLook = input.results.every(({ type }) => type !== 'read');
  return {
    operation: { ...operation, message, waitingSince: operation.waitingSince ?? input.now },
    actions: unseen.map(({ key, ref }) => ({ type: 'read', key, ref })),
    ...(isFirstLook ? {} : { waitSeconds: WAVE_POLL_SECONDS }),
  };
};

/** Objects of the inventory that are no longer rendered: read first, then deleted if they are still ours. */
const prune = (operation: Operation, input: StepInput): Step => {
  const kept = new Set(input.targets.map(({ key }) => key));
  const gone = input.inventory.filter(({ ref }) => !kept.has(resourceKey(ref)));
  const after = { ...operation, next: operation.next + 1 };
  if (gone.length === 0 || failures(operation).length > 0) return finish(after, input.now);
  if (!input.prune) return skipAll(after, gone, 'pruning is off', input.now);
  if (gone.length > Math.max(PRUNE_LIMIT, input.inventory.length * PRUNE_SHARE)) {
    return skipAll(
      after,
      gone,
      `${gone.length} of ${input.inventory.length} objects would be pruned: a person has to sync`,
      input.now,
    );
  }
  const read = new Map(input.results.filter(({ type }) => type === 'read').map((result) => [result.key, result]));
  if (gone.some(({ ref }) => !read.has(resourceKey(ref)))) {
    return { operation, actions: gone.map(({ ref }) => ({ type: 'read', key: resourceKey(ref), ref })) };
  }
  const actions = gone.flatMap((entry) => deletionOf(entry, read.get(resourceKey(entry.ref))?.object, input));
  return actions.length === 0 ? finish(after, input.now) : { operation: after, actions };
};

/** Inventory ∩ our tracking id ∩ project rules, on the very object that was looked at. */
const deletionOf = ({ ref, uid }: InventoryEntry, object: KubernetesObject | undefined, input: StepInput): Action[] => {
  const { metadata } = object ?? {};
  if (
    !metadata?.uid ||
    !metadata.resourceVersion ||
    (uid !== undefined && metadata.uid !== uid) ||
    metadata.deletionTimestamp
  )
    return [];
  if (metadata.annotations?.[TRACKING_ANNOTATION] !== input.trackingIdOf(ref)) return [];
  if (metadata.annotations['argocd.argoproj.io/sync-options']?.includes('Prune=false')) return [];
  if (input.refuses(ref, ref.namespace !== undefined)) return [];
  return [{ type: 'delete', key: resourceKey(ref), ref, uid: metadata.uid, resourceVersion: metadata.resourceVersion }];
};

const skipAll = (operation: Operation, gone: readonly InventoryEntry[], message: string, now: number): Step => {
  const skipped = gone.map(({ ref }) => [resourceKey(ref), { status: 'PruneSkipped' as const, message }] as const);
  return finish({ ...operation, results: { ...operation.results, ...Object.fromEntries(skipped) } }, now);
};

const finish = (operation: Operation, now: number): Step => {
  const [first] = failures(operation);
  if (!first) return end(operation, now, 'Succeeded', 'applied');
  const [key, { message }] = first;
  const [, kind = '', namespace = '', name = ''] = key.split('/');
  return end(operation, now, 'Failed', `${kind} ${namespace ? `${namespace}/` : ''}${name}: ${message}`);
};

const end = (operation: Operation, now: number, phase: 'Succeeded' | 'Failed', message: string): Step => ({
  operation: { ...operation, phase, message, finishedAt: now },
  actions: [],
});
