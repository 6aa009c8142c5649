import type { ApplicationRow, ResourceState } from '../../domain/application-row.ts';
import { appliedRecord } from '../../domain/applied-record.ts';
import { comparedNow } from '../../domain/comparison.ts';
import { contentDigest } from '../../domain/diff/content-digest.ts';
import { ignoreRulesFor } from '../../domain/diff/ignore-rules.ts';
import { assessHealth } from '../../domain/health/health.ts';
import { type KubernetesObject, resourceKey } from '../../domain/kubernetes-object.ts';
import type { ArgoSettings } from '../../domain/settings/argo-settings.ts';
import { hasDeletionHooks } from '../../domain/sync/deletion.ts';
import { resourceResults } from '../../domain/sync/resource-results.ts';
import { writtenAt } from '../../domain/sync/second-writer.ts';
import type { Operation, ResourceResult, Target } from '../../domain/sync/sync-operation.ts';
import type { SyncDeps } from './deps.ts';
import type { Advance } from './look.ts';
import type { Running } from './run-steps.ts';
import { HEALTH_LOOKS_MS, settleHealth } from './watch-health.ts';

const DEFINES_TYPES = new Set(['CustomResourceDefinition', 'APIService']);

/** The row after an operation ended: what is applied, its health right now, and when to look at it again. */
export const applied = async (deps: SyncDeps, ended: Running): Promise<Advance> => {
  const { row, operation, inventory, live, answered, settings } = ended;
  const now = deps.clock();
  const targets = ended.targets.filter(({ hook, phases }) => !hook && phases.length > 0);
  const results = resourceResults(operation, ended.targets);
  const times = { ...row.times, rendered: row.times.rendered ?? now };
  const common = { operation, inventory: [...inventory] };
  const isPartial = operation.options.resources !== undefined;
  const states = { row, targets, results, live, answered, settings, known: isPartial ? row.resources : [] };
  const isWhole = !isPartial && operation.phase === 'Succeeded';
  if (operation.phase !== 'Succeeded') {
    const resources = resourcesOf(deps, { ...states, isWhole });
    return { change: { ...common, resources, sync: 'OutOfSync', times }, clear: ['awaiting', 'waiting', 'healing'] };
  }
  if (targets.some(({ object }) => DEFINES_TYPES.has(object.kind))) await deps.typesApplied?.(row.spec.cluster);
  const health = await settleHealth(deps, ended.connection, targets, live, HEALTH_LOOKS_MS);
  const isMoving = health.status === 'Progressing' || health.status === 'Missing' || health.status === 'Degraded';
  const resources = resourcesOf(deps, { ...states, isWhole });
  const hasHooks = hasDeletionHooks(ended.targets);
  const change: Partial<ApplicationRow> = {
    ...common,
    resources,
    health,
    sync: resources.every(({ sync }) => sync === 'Synced') ? 'Synced' : 'OutOfSync',
    compared: comparedNow(row, settings, now),
    // What heals a few objects is no new revision.
    ...(isPartial ? {} : appliedFields(ended, now)),
    ...(hasHooks ? { deletionHooks: true as const } : {}),
    times: isPartial
      ? row.times
      : { ...times, applied: now, ...(health.status === 'Healthy' ? { healthy: deps.clock() } : {}) },
  };
  const waiting = approvalText(operation);
  if (waiting) change.waiting = waiting;
  const clear: (keyof ApplicationRow)[] = ['awaiting', 'healing', 'approved'];
  if (!waiting) clear.push('waiting');
  if (!hasHooks) clear.push('deletionHooks');
  if (!isPartial) clear.push('rival');
  // Where only a part was asked for, the rest is still to come: by itself, or by a person.
  const isRestOpen = isPartial && row.applied?.generation !== operation.generation;
  return { change, clear, ...(isRestOpen ? { waitSeconds: 0 } : isMoving ? { waitSeconds: 1 } : {}) };
};

const approvalText = ({ approval }: Operation): string | undefined =>
  approval?.reason === 'mass-prune'
    ? `pruning ${approval.count} of ${approval.of} objects waits for approval: ${approval.sample.join(', ')}`
    : undefined;

const appliedFields = ({ row, manifests }: Running, at: number): Partial<ApplicationRow> => {
  const { desired } = row;
  if (!desired) return {};
  const record = appliedRecord(desired, manifests, at);
  return { applied: record, history: [record, ...row.history].slice(0, Math.max(1, row.spec.revisionHistoryLimit)) };
};

interface States {
  row: ApplicationRow;
  targets: readonly Target[];
  results: readonly ResourceResult[];
  live: Running['live'];
  answered: Running['answered'];
  settings: ArgoSettings;
  isWhole: boolean;
  /** What is known of the objects that a partial sync left alone. */
  known: readonly ResourceState[];
}

const resourcesOf = (deps: SyncDeps, states: States): ResourceState[] => {
  const { targets, results } = states;
  const byKey = new Map(results.map((result) => [result.key, result]));
  const known = new Map(states.known.map((state) => [resourceKey(state), state]));
  const targeted = new Set(targets.map(({ key }) => key));
  const left = results.filter(({ status }) => status === 'PruneSkipped');
  const pruned = new Set(results.map(({ key }) => key));
  return [
    ...targets.map((target): ResourceState => {
      const result = byKey.get(target.key);
      const untouched = result ? undefined : known.get(target.key);
      // What a whole sync that succeeded left out was in sync (ApplyOutOfSyncOnly).
      const isLeftOut = !result && states.isWhole;
      return untouched ?? resourceOf(deps, states, target, isLeftOut ? { status: 'Synced' } : result);
    }),
    ...left.map(({ ref, message }): ResourceState => ({ ...ref, sync: 'OutOfSync', message, prune: true })),
    ...[...known].flatMap(([key, state]) => (state.prune && !targeted.has(key) && !pruned.has(key) ? [state] : [])),
  ];
};

const resourceOf = (
  deps: SyncDeps,
  states: States,
  { key, ref }: Target,
  result: Partial<Pick<ResourceResult, 'status' | 'message'>> | undefined,
): ResourceState => {
  const object = states.live.get(key);
  const answered = states.answered.get(key);
  const health = object && assessHealth(object, deps.healthOverrides);
  const isSynced = result?.status === 'Synced';
  return {
    ...ref,
    sync: isSynced ? 'Synced' : 'OutOfSync',
    ...(health ? { health } : {}),
    ...(result?.message ? { message: result.message } : {}),
    // What an apply just answered is as desired: the next comparison need not ask again.
    ...(isSynced && answered ? { equal: equalDigest(states, ref, answered), ...written(answered) } : {}),
  };
};

const written = (answered: KubernetesObject): Pick<ResourceState, 'written'> => {
  const at = writtenAt(answered);
  return at === undefined ? {} : { written: at };
};

const equalDigest = ({ row, settings }: States, ref: Target['ref'], live: KubernetesObject): string =>
  contentDigest(live, settings, ignoreRulesFor(ref, row.spec.ignoreDifferences, settings.resourceOverrides));
