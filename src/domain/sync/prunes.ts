import { type KubernetesObject, type ResourceRef, resourceKey } from '../kubernetes-object.ts';
import type { Action } from './actions.ts';
import { hasAnnotationOption } from './annotations.ts';
import { waveOf } from './hooks.ts';
import {
  isConfirmed,
  type Move,
  type Prune,
  pollSeconds,
  putInventory,
  type Run,
  readOf,
  say,
  type TaskState,
} from './run.ts';
import { selection } from './selection.ts';
import type { Approval, InventoryEntry } from './sync-operation.ts';
import { isKeptByHelm, resourceOptions, SYNC_OPTIONS } from './sync-options.ts';
import { pruneWaves } from './task-order.ts';
import { nameRef } from './tasks.ts';
import { isOwn } from './tracking.ts';

/** More than this many of an application's objects, and more than a fifth of them, are pruned only by a person's word. */
const LIMIT = 10;
const SHARE = 0.2;
const SAMPLE = 5;

/** Objects of the inventory that are no target any more and that the operation may look at. */
export const pruneCandidates = ({ input, inventory }: Run): InventoryEntry[] => {
  const kept = new Set(input.targets.map(({ key }) => key));
  const { resources } = input.operation.options;
  const isChosen = resources ? selection(resources) : () => true;
  return [...inventory].flatMap(([key, entry]) => (entry.hook || kept.has(key) || !isChosen(entry.ref) ? [] : [entry]));
};

type Verdict = { state: TaskState; message?: string; forget?: true };

/**
 * What becomes of one candidate, from the very object as it was just seen: pruned only if it is the one that was applied,
 * still carries our tracking id, and project and options permit it (design §6).
 */
const judge = (run: Run, entry: InventoryEntry, live: KubernetesObject | undefined): Verdict => {
  const { application, settings, permitted } = run.input;
  if (!live) return { state: 's', forget: true };
  if (entry.uid !== undefined && live.metadata.uid !== entry.uid)
    return { state: 'x', message: 'it was made anew by somebody else', forget: true };
  if (!isOwn(live, application, settings))
    return { state: 'x', message: 'it no longer carries this application’s tracking id', forget: true };
  if (isTarget(run, live)) return { state: 'x', message: 'it is rendered under another API group', forget: true };
  if (live.metadata.deletionTimestamp) return { state: 'd' };
  if (!run.op.options.prune) return { state: 'k', message: 'ignored (requires pruning)' };
  if (resourceOptions(live, application).prune === 'no' || isKeptByHelm(live))
    return { state: 'k', message: 'ignored (no prune)' };
  const refused = permitted(entry.ref, entry.ref.namespace !== undefined);
  return refused ? { state: 'k', message: refused } : { state: '-' };
};

/** The same object, moved from one API group to another (`extensions` → `apps`): deleting one name deletes both. */
const isTarget = ({ input, inventory }: Run, { metadata }: KubernetesObject): boolean =>
  input.targets.some(
    ({ key, ref }) =>
      ref.name === metadata.name &&
      ref.namespace === metadata.namespace &&
      (input.live.get(key)?.metadata.uid === metadata.uid || inventory.get(key)?.uid === metadata.uid),
  );

/** Fixes what is to be pruned and in which waves, from candidates that were all looked at. */
export const planPrunes = (run: Run): void => {
  const before = [...run.inventory.values()].filter(({ hook, uid }) => !hook && uid !== undefined).length;
  const planned: { entry: InventoryEntry; live: KubernetesObject | undefined; verdict: Verdict }[] = [];
  for (const entry of pruneCandidates(run)) {
    const live = run.input.live.get(resourceKey(entry.ref));
    planned.push({ entry, live, verdict: judge(run, entry, live) });
  }
  const toDelete = planned.filter(({ verdict }) => verdict.state === '-');
  const isMass = toDelete.length > Math.max(LIMIT, before * SHARE) && !run.input.approved?.prune;
  if (isMass)
    run.op.approval = approvalOf(
      'mass-prune',
      toDelete.map(({ entry }) => entry.ref),
      before,
    );
  const waves = wavesOf(run, planned);
  run.op.prunes = {};
  for (const [index, { entry, live, verdict }] of planned.entries()) {
    const key = resourceKey(entry.ref);
    if (!live) {
      putInventory(run, key, undefined);
      continue;
    }
    const held = isMass && verdict.state === '-';
    run.prunes.set(key, { state: held ? 'k' : verdict.state, wave: waves[index] ?? 0 });
    say(run, key, held ? `waits for approval: ${toDelete.length} of ${before} objects` : verdict.message);
    if (verdict.forget) putInventory(run, key, undefined);
  }
};

const wavesOf = (run: Run, planned: readonly { live: KubernetesObject | undefined }[]): number[] => {
  const isLast = run.input.application.syncPolicy.syncOptions.includes('PruneLast=true');
  const prunes = planned.map(({ live }) => ({
    wave: live ? waveOf(live) : 0,
    last: isLast || (live !== undefined && hasAnnotationOption(live, SYNC_OPTIONS, 'PruneLast=true')),
  }));
  return pruneWaves(
    prunes,
    run.tasks.filter(({ phase }) => phase === 'Sync').map(({ wave }) => wave),
  );
};

/** What a person is asked about these objects of an application that has so many. */
export const approvalOf = (reason: Approval['reason'], refs: readonly ResourceRef[], of: number): Approval => ({
  reason,
  count: refs.length,
  of,
  sample: refs.slice(0, SAMPLE).map(resourceKey),
});

const APPROVAL_SECONDS = 60;

/** Deletes one wave's prunes; first looks, and waits for a person where an object says so. Undefined: nothing is left. */
export const pruneWave = (run: Run, wave: number): Move | undefined => {
  const due = [...run.prunes].filter(([, prune]) => prune.state === '-' && prune.wave === wave);
  if (due.length === 0) return undefined;
  const entries = due.flatMap(([key]) => run.inventory.get(key) ?? []);
  const unseen = entries.filter(({ ref }) => !run.input.live.has(resourceKey(ref)));
  if (unseen.length > 0) return { actions: unseen.map(({ ref }) => readOf({ key: resourceKey(ref), ref })) };
  const unconfirmed = isConfirmed(run, 'prune') ? [] : entries.filter((entry) => needsConfirmation(run, entry));
  if (unconfirmed.length > 0) {
    const refs = unconfirmed.map(({ ref }) => ref);
    run.op.approval = approvalOf('prune-confirm', refs, run.inventory.size);
    return waitForApproval(refs, 'prune');
  }
  if (run.op.approval?.reason === 'prune-confirm') delete run.op.approval;
  const actions = due.flatMap(([key, prune]) => deleteOne(run, key, prune));
  return { actions };
};

const needsConfirmation = ({ input }: Run, { ref }: InventoryEntry): boolean => {
  const live = input.live.get(resourceKey(ref));
  return live !== undefined && resourceOptions(live, input.application).prune === 'confirm';
};

/** The wait for a person's word on these objects. */
export const waitForApproval = (refs: readonly ResourceRef[], verb: 'prune' | 'delete'): Move => {
  const [first] = refs;
  const more = refs.length > 1 ? ` and ${refs.length - 1} more` : '';
  const message = `waits for confirmation to ${verb} ${first ? nameRef(first) : ''}${more}`;
  return { wait: { seconds: APPROVAL_SECONDS, reason: 'approval', message } };
};

/** Judged once more on what was seen last: the plan alone never deletes. */
const deleteOne = (run: Run, key: string, prune: Prune): Action[] => {
  const entry = run.inventory.get(key);
  const live = run.input.live.get(key);
  const verdict: Verdict = entry ? judge(run, entry, live) : { state: 's' };
  const { uid, resourceVersion } = live?.metadata ?? {};
  const isDue = verdict.state === '-' && entry !== undefined && uid !== undefined && resourceVersion !== undefined;
  prune.state = verdict.state === '-' ? 'd' : verdict.state;
  say(run, key, verdict.message);
  if (verdict.forget) putInventory(run, key, undefined);
  if (!isDue) return [];
  const propagationPolicy = run.options.prunePropagationPolicy;
  return [{ type: 'delete', key, ref: entry.ref, uid, resourceVersion, propagationPolicy }];
};

/** Notes which deletions are through, from what was just read. */
export const judgePruned = (run: Run): void => {
  for (const [key, prune] of run.prunes) {
    if (prune.state !== 'd' || !run.input.live.has(key)) continue;
    const live = run.input.live.get(key);
    const entry = run.inventory.get(key);
    if (live && (entry?.uid === undefined || live.metadata.uid === entry.uid)) {
      // The deletion did not arrive, or was refused for a newer version.
      if (!live.metadata.deletionTimestamp) prune.state = '-';
      continue;
    }
    prune.state = 's';
    putInventory(run, key, undefined);
  }
};

/** Objects whose deletion is under way. */
export const beingPruned = ({ prunes, inventory }: Run): InventoryEntry[] =>
  [...prunes].flatMap(([key, { state }]) => (state === 'd' ? (inventory.get(key) ?? []) : []));

/** Looks at once at objects whose deletion was just asked for, then waits for their end. */
export const awaitDeletion = (run: Run): Move => {
  const deleted = beingPruned(run).map(({ ref }) => ({ key: resourceKey(ref), ref }));
  const unseen = deleted.filter(({ key }) => !run.input.live.has(key));
  if (unseen.length > 0) return { actions: unseen.map(readOf) };
  return waitForDeletion(
    run,
    deleted.map(({ ref }) => ref),
  );
};

/** The wait for deletions. */
export const waitForDeletion = (run: Run, refs: readonly ResourceRef[]): Move => {
  const [first] = refs;
  const more = refs.length > 1 ? ` and ${refs.length - 1} more` : '';
  const message = `waits for the deletion of ${first ? nameRef(first) : ''}${more}`;
  return { wait: { seconds: pollSeconds(run), reason: 'deletion', message } };
};
