import { type KubernetesObject, type ResourceRef, resourceKey } from '../kubernetes-object.ts';
import type { Action } from './actions.ts';
import { isCustomResourceDefinition } from './definitions.ts';
import { endWith, failureMessage } from './ending.ts';
import { HOOK_FINALIZER, waveOf } from './hooks.ts';
import { approvalOf, awaitDeletion, beingPruned, judgePruned, waitForApproval } from './prunes.ts';
import { removalOf } from './removal.ts';
import { isConfirmed, type Move, putInventory, type Run, readOf, say } from './run.ts';
import type { InventoryEntry, OperationStage, SyncedApplication, Target } from './sync-operation.ts';
import { isKeptByHelm, resourceOptions } from './sync-options.ts';
import { isOwn } from './tracking.ts';
import { runWaves } from './waves.ts';

const RESOURCES = 'resources-finalizer.argocd.argoproj.io';

/** Whether an application that goes takes its objects with it. Source: Argo CD docs, App Deletion. */
export const cascades = ({ finalizers }: Pick<SyncedApplication, 'finalizers'>): boolean =>
  finalizers.some((finalizer) => finalizer === RESOURCES || finalizer.startsWith(`${RESOURCES}/`));

/** Whether any object is a hook of the application's deletion. */
export const hasDeletionHooks = (targets: readonly Pick<Target, 'phases'>[]): boolean =>
  targets.some(({ phases }) => phases.includes('PreDelete') || phases.includes('PostDelete'));

/**
 * The deletion of an application: PreDelete hooks, then, where it cascades, every object of the inventory that is still ours,
 * highest wave first and one wave after another, then PostDelete hooks. Hooks run whether the document names their finalizers
 * or not: Argo CD adds those itself where an application has such hooks. Undefined: the next stage's turn.
 */
export const deletionStage = (run: Run): Move | undefined => {
  const { stage } = run.op;
  if (stage === 'start') return goTo(run, 'pre-delete');
  if (stage === 'pre-delete') return runHooks(run, 'pre', 'deleting');
  if (stage === 'post-delete') return runHooks(run, 'post', 'cleanup');
  if (!cascades(run.input.application)) return goTo(run, 'post-delete');
  if (!run.op.prunes) return plan(run);
  return deleteWaves(run);
};

const goTo = ({ op }: Run, stage: OperationStage): undefined => {
  op.stage = stage;
  delete op.waveAt;
  return undefined;
};

const runHooks = (run: Run, when: 'pre' | 'post', next: OperationStage): Move | undefined => {
  const phase = when === 'pre' ? 'PreDelete' : 'PostDelete';
  const tasks = run.tasks.filter((task) => task.phase === phase);
  const move = runWaves(run, tasks, false);
  if (move === 'failed') return endWith(run, { phase: 'Failed', message: failureMessage(run) });
  if (move !== 'complete') return move;
  if (next === 'cleanup') return endWith(run, { phase: 'Succeeded', message: 'successfully deleted' });
  return goTo(run, next);
};

/** Looks at everything once, and fixes what is deleted in which wave. */
const plan = (run: Run): Move | undefined => {
  const entries = [...run.inventory.values()];
  const unseen = entries.map(withKey).filter(({ key }) => !run.input.live.has(key));
  if (unseen.length > 0) return { actions: unseen.map(readOf) };
  const unconfirmed = isConfirmed(run, 'delete') ? [] : entries.filter((entry) => needsConfirmation(run, entry));
  if (unconfirmed.length > 0) {
    run.op.approval = approvalOf('delete-confirm', refsOf(unconfirmed), entries.length);
    return waitForApproval(refsOf(unconfirmed), 'delete');
  }
  delete run.op.approval;
  run.op.prunes = {};
  for (const entry of entries) planOne(run, entry);
  return undefined;
};

const refsOf = (entries: readonly InventoryEntry[]): ResourceRef[] => entries.map(({ ref }) => ref);

const withKey = ({ ref }: InventoryEntry): { key: string; ref: ResourceRef } => ({ key: resourceKey(ref), ref });

const needsConfirmation = ({ input }: Run, { ref }: InventoryEntry): boolean => {
  const live = input.live.get(resourceKey(ref));
  return live !== undefined && resourceOptions(live, input.application).delete === 'confirm';
};

const planOne = (run: Run, entry: InventoryEntry): void => {
  const key = resourceKey(entry.ref);
  const live = run.input.live.get(key);
  if (!live || !isOurs(run, entry, live)) {
    putInventory(run, key, undefined);
    return;
  }
  const kept = keptBecause(run, entry, live);
  run.prunes.set(key, { state: kept === undefined ? '-' : 'k', wave: -waveOf(live) });
  say(run, key, kept);
};

const isOurs = ({ input }: Run, { uid }: InventoryEntry, live: KubernetesObject): boolean =>
  (uid === undefined || live.metadata.uid === uid) && isOwn(live, input.application, input.settings);

/** Definitions are never deleted: every object of their kind would go, whoever it belongs to. */
const keptBecause = ({ input }: Run, { ref }: InventoryEntry, live: KubernetesObject): string | undefined => {
  if (isCustomResourceDefinition(live)) return 'kept: a CustomResourceDefinition';
  if (resourceOptions(live, input.application).delete === 'no') return 'kept: Delete=false';
  if (isKeptByHelm(live)) return 'kept: helm.sh/resource-policy';
  return input.permitted(ref, ref.namespace !== undefined);
};

const deleteWaves = (run: Run): Move | undefined => {
  const deleted = beingPruned(run);
  if (run.input.results.length === 0 && deleted.length > 0) return { actions: deleted.map(withKey).map(readOf) };
  judgePruned(run);
  if ([...run.prunes.values()].some(({ state }) => state === 'f'))
    return endWith(run, { phase: 'Failed', message: failureMessage(run) });
  const open = [...run.prunes].filter(([, { state }]) => state === '-' || state === 'd');
  if (open.length === 0) return goTo(run, 'post-delete');
  const wave = Math.min(...open.map(([, prune]) => prune.wave));
  const due = open.filter(([, prune]) => prune.wave === wave && prune.state === '-');
  const entries = due.flatMap(([key]) => run.inventory.get(key) ?? []);
  const unseen = entries.map(withKey).filter(({ key }) => !run.input.live.has(key));
  if (unseen.length > 0) return { actions: unseen.map(readOf) };
  const actions = due.flatMap(([key]) => deleteOne(run, key) ?? []);
  if (actions.length === 0) return awaitDeletion(run);
  // That the hooks before have ended is known only as long as their objects are there.
  run.storeFirst = true;
  return { actions };
};

const deleteOne = (run: Run, key: string): Action | undefined => {
  const prune = run.prunes.get(key);
  const entry = run.inventory.get(key);
  const live = run.input.live.get(key);
  if (!prune) return undefined;
  if (!entry || !live || !isOurs(run, entry, live)) {
    prune.state = 'x';
    putInventory(run, key, undefined);
    return undefined;
  }
  prune.state = 'd';
  if (live.metadata.finalizers?.includes(HOOK_FINALIZER)) return removalOf({ key, ref: entry.ref }, live);
  const { uid, resourceVersion, deletionTimestamp } = live.metadata;
  if (deletionTimestamp || uid === undefined || resourceVersion === undefined) return undefined;
  const propagationPolicy = propagationOf(run.input.application);
  return { type: 'delete', key, ref: entry.ref, uid, resourceVersion, propagationPolicy };
};

const propagationOf = ({ finalizers }: SyncedApplication): 'Foreground' | 'Background' =>
  finalizers.includes(`${RESOURCES}/background`) ? 'Background' : 'Foreground';
