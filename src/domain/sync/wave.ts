import { judgeHook, judgeResource, migrationOf, settle } from './absorb.ts';
import type { Action } from './actions.ts';
import { isEstablished } from './definitions.ts';
import { hasHookDeletePolicy, isHook } from './hooks.ts';
import { kindRank } from './kind-order.ts';
import { waitForDeletion } from './prunes.ts';
import { removalOf } from './removal.ts';
import { type Move, patchOf, pollSeconds, type Run, readOf, setState, stateOf } from './run.ts';
import { needsLook, takenMessage } from './start.ts';
import { applyWay } from './sync-options.ts';
import { nameRef, type Task } from './tasks.ts';
import { isOwn, otherOwner } from './tracking.ts';

/** Takes one wave's tasks a step on: old hooks go first, then one kind after another is applied. Undefined: all are. */
export const applyWave = (run: Run, tasks: readonly Task[]): Move | undefined =>
  clearHooks(run, tasks) ?? removeOld(run, tasks) ?? applyGroup(run, tasks);

/** Decides for each hook that has not begun whether an older object of its name has to go first. */
const clearHooks = (run: Run, tasks: readonly Task[]): Move | undefined => {
  const hooks = tasks.filter((task) => task.target.hook && stateOf(run, task) === '-');
  const unseen = hooks.filter(({ key }) => !run.input.live.has(key));
  if (unseen.length > 0) return { actions: unseen.map(readOf) };
  for (const task of hooks) {
    // Older and newer hook look alike: which of them is there next time is known by this letter alone.
    run.storeFirst = true;
    const live = run.input.live.get(task.key);
    if (isTaken(run, task)) continue;
    // Also what the application applied as a plain resource, before it became a hook.
    const isOld = live !== undefined && (isHook(live) || isOwn(live, run.input.application, run.input.settings));
    setState(run, task, isOld && hasHookDeletePolicy(task.object, 'BeforeHookCreation') ? 'd' : 'c');
  }
  return undefined;
};

/** Fails a task whose object belongs to somebody else. */
const isTaken = (run: Run, task: Task): boolean => {
  const owner = otherOwner(run.input.live.get(task.key), run.input.application, run.input.settings);
  if (owner === undefined || run.op.options.adopt) return false;
  setState(run, task, 'f', takenMessage(task.ref, owner));
  return true;
};

/** Objects that are to be made anew are deleted, and their end awaited, before anything else of the wave is made. */
const removeOld = (run: Run, tasks: readonly Task[]): Move | undefined => {
  const old = tasks.filter((task) => stateOf(run, task) === 'd');
  const unseen = old.filter(({ key }) => !run.input.live.has(key));
  if (unseen.length > 0) return { actions: unseen.map(readOf) };
  const actions: Action[] = [];
  const left = old.filter((task) => {
    const live = run.input.live.get(task.key);
    if (!live) {
      run.storeFirst = true;
      setState(run, task, 'c');
    }
    const action = live && !isTaken(run, task) ? removalOf(task, live) : undefined;
    if (action) actions.push(action);
    return live !== undefined && stateOf(run, task) === 'd';
  });
  if (actions.length > 0) return { actions };
  return left.length > 0
    ? waitForDeletion(
        run,
        left.map(({ ref }) => ref),
      )
    : undefined;
};

/** The next objects of one kind rank, in parallel; a definition that was just applied is waited for before. */
const applyGroup = (run: Run, tasks: readonly Task[]): Move | undefined => {
  const open = tasks.filter((task) => '-cm'.includes(stateOf(run, task)));
  const [first] = open;
  if (!first) return undefined;
  const unready = tasks.find((task) => stateOf(run, task) === 'e');
  if (unready) return waitFor(run, unready);
  const rank = kindRank(first.ref.kind);
  const end = open.findIndex(({ ref }) => kindRank(ref.kind) !== rank);
  const group = end < 0 ? open : open.slice(0, end);
  const unseen = group.filter((task) => mustSee(run, task) && !run.input.live.has(task.key));
  if (unseen.length > 0) return { actions: unseen.map(readOf) };
  const actions = group.flatMap((task) => applyTask(run, task) ?? []);
  // All of the group failed or must be deleted first: what that means for the wave is seen at once.
  return actions.length > 0 ? { actions } : applyWave(run, tasks);
};

const mustSee = (run: Run, task: Task): boolean => {
  const state = stateOf(run, task);
  if (state === 'm') return true;
  return state === '-' ? needsLook(run, task) : task.target.options.replace;
};

const applyTask = (run: Run, task: Task): Action | undefined => {
  const { key, target } = task;
  const live = run.input.live.get(key);
  const state = stateOf(run, task);
  if (state === '-' && isTaken(run, task)) return undefined;
  if (target.options.replace) return replaceTask(run, task);
  const migration = live && state !== 'c' ? migrationOf(run, task, live) : undefined;
  if (migration) return patchOf(task, migration);
  const fresh = target.kind === 'served' ? {} : { fresh: true as const };
  return { type: 'apply', key, object: withIgnored(run, task), ...applyWay(target.options), ...fresh };
};

/** Kinds that hold others: they are updated in place, whatever is forced. */
const CONTAINERS: readonly string[] = ['CustomResourceDefinition', 'Namespace'];

const replaceTask = (run: Run, task: Task): Action | undefined => {
  const { key, target } = task;
  const live = run.input.live.get(key);
  const object = withIgnored(run, task);
  if (!live) return { type: 'create', key, object };
  const isForced = run.op.options.force || target.options.force;
  if (isForced && stateOf(run, task) === '-' && !CONTAINERS.includes(task.ref.kind)) {
    run.storeFirst = true;
    setState(run, task, 'd');
    return undefined;
  }
  const { resourceVersion } = live.metadata;
  return {
    type: 'replace',
    key,
    object: { ...object, metadata: { ...object.metadata, resourceVersion: resourceVersion ?? '' } },
  };
};

/** RespectIgnoreDifferences: what the cluster has in ignored fields is what is sent. */
const withIgnored = ({ input, options }: Run, { key, object }: Task) => {
  const live = input.live.get(key);
  return live && options.respectIgnoreDifferences && input.withIgnoredFields
    ? input.withIgnoredFields(object, live)
    : object;
};

/** The wait for one object's health, or its end as a hook. */
export const waitFor = (run: Run, { ref, index, target }: Task): Move => {
  const why = run.op.messages[index];
  const message = `waits for ${nameRef(ref)}${why ? `: ${why}` : ''}`;
  return { wait: { seconds: pollSeconds(run), reason: target.hook ? 'hook' : 'health', message } };
};

/** Takes what was just read of objects that are waited for into their states. */
export const judgeTasks = (run: Run, tasks: readonly Task[]): void => {
  for (const task of tasks) {
    const state = stateOf(run, task);
    if ((state !== 'r' && state !== 'e') || !run.looked.has(task.key)) continue;
    const live = run.input.live.get(task.key);
    if (!live) loseTask(run, task);
    else if (state === 'e') {
      if (isEstablished(live) || isOverdue(run)) settle(run, task, live);
    } else if (task.target.hook) judgeHook(run, task, live, run.input.healthOf(live));
    else judgeResource(run, task, run.input.healthOf(live));
  }
};

/** Definitions are established within a second; where nobody says so, their objects show it. */
const ESTABLISH_MS = 5000;

const isOverdue = ({ op, input }: Run): boolean => input.now - (op.waitingSince ?? input.now) >= ESTABLISH_MS;

/** Somebody deleted it: a resource is applied again, of a hook nobody knows any more how it ended. */
const loseTask = (run: Run, task: Task): void => {
  if (task.target.hook) setState(run, task, 'f', 'it was deleted before it ended');
  else setState(run, task, '-');
};
