import { mayRetry, nextRetryAt } from '../fleet/retry.ts';
import { hookDeletePolicies } from './hooks.ts';
import { removalOf } from './removal.ts';
import { closeRun, type Move, putInventory, type Run, readOf, setState, stateOf, type TaskState } from './run.ts';
import type { Operation, Step } from './sync-operation.ts';
import { nameRef, type Task } from './tasks.ts';
import { isOwn } from './tracking.ts';

/** Sets how the operation will end and goes on to the hooks' cleanup. */
export const endWith = (run: Run, ending: NonNullable<Operation['ending']>): Move => {
  run.op.ending = ending;
  run.op.stage = 'cleanup';
  return cleanup(run) ?? {};
};

/** The first failure with its object's name, and how many more there are. */
export const failureMessage = (run: Run): string => {
  const { messages } = run.op;
  const failed = [
    ...run.tasks
      .filter((task) => stateOf(run, task) === 'f' && task.phase !== 'SyncFail')
      .map(({ ref, index }) => `${nameRef(ref)}: ${messages[index] ?? 'failed'}`),
    ...[...run.prunes].flatMap(([key, { state }]) =>
      state === 'f' ? [`pruning ${key.replace(/^[^/]*\//, '')}: ${messages[key] ?? 'failed'}`] : [],
    ),
  ];
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : '';
  return `${failed[0] ?? 'failed'}${more}`;
};

const RAN: readonly TaskState[] = ['d', 'c', 'r', 's', 'f'];

/** Hooks of this attempt that are not cleaned up yet. */
const leftHooks = (run: Run): Task[] =>
  run.tasks.filter((task) => task.target.hook && RAN.includes(stateOf(run, task)));

/**
 * Frees the hooks that ran of our finalizer, and deletes those whose policy says so now that the outcome is known; a hook
 * that still runs when the operation is terminated is deleted. Undefined: all are done.
 */
export const cleanup = (run: Run): Move | undefined => {
  const left = leftHooks(run);
  const unseen = left.filter(({ key }) => !run.input.live.has(key));
  if (unseen.length > 0) return { actions: unseen.map(readOf) };
  const actions = left.flatMap((task) => {
    const action = cleanUp(run, task);
    if (!action) setState(run, task, stateOf(run, task) === 's' ? 'S' : 'F', run.op.messages[task.index]);
    return action ?? [];
  });
  if (actions.length === 0) return undefined;
  // How a hook ended is known only as long as its object is there.
  run.storeFirst = true;
  return { actions };
};

const cleanUp = (run: Run, task: Task) => {
  const live = run.input.live.get(task.key);
  if (!live) putInventory(run, task.key, undefined);
  if (!live || !isOwn(live, run.input.application, run.input.settings)) return undefined;
  return removalOf(task, live, !isDeletedNow(run, task));
};

const isDeletedNow = ({ op, states }: Run, { target, index }: Task): boolean => {
  const policies = hookDeletePolicies(target.object);
  if (op.ending?.phase === 'Succeeded') return policies.includes('HookSucceeded');
  // Terminated: what still runs is deleted, what has ended is left to its next run.
  if (op.phase === 'Terminating') return states[index] !== 's' && states[index] !== 'f';
  return policies.includes('HookFailed');
};

/** Ends the operation, or waits for its next attempt where its retry strategy has one left. */
export const finish = (run: Run): Step => {
  const { op, input } = run;
  const { phase, message, final, superseded } = op.ending ?? { phase: 'Error' as const, message: 'it had no ending' };
  const { retry } = op.options;
  const mayAgain = phase !== 'Succeeded' && !final && !superseded && op.phase === 'Running';
  if (mayAgain && retry && mayRetry(retry, op.retryCount)) {
    const next = nextRetryAt(retry, new Date(input.now), op.retryCount);
    if ('at' in next) return waitForRetry(run, next.at.getTime(), message);
  }
  op.phase = phase;
  op.message = message;
  op.finishedAt = input.now;
  op.stage = 'ended';
  if (superseded) op.superseded = true;
  delete op.ending;
  return closeRun(run);
};

const waitForRetry = (run: Run, at: number, message: string): Step => {
  const { op, input } = run;
  op.retryAt = at;
  op.firstFailure ??= message;
  const seconds = Math.max(0, (at - input.now) / 1000);
  const text = `${message}; attempt ${op.retryCount + 2} in ${Math.ceil(seconds)} s`;
  const step = closeRun(run, { wait: { seconds, reason: 'retry', message: text } });
  if (step.wait && op.options.retry?.refresh) step.wait.refresh = true;
  return step;
};

/** Begins the next attempt: everything anew, hooks too. */
export const nextAttempt = (operation: Operation, now: number): Operation => {
  const {
    retryAt: _at,
    ending: _ending,
    prunes: _prunes,
    syncPhase: _phase,
    wave: _wave,
    waveAt: _waveAt,
    ...rest
  } = operation;
  const { waitingSince: _since, stumbles: _stumbles, lostRaces: _races, ...kept } = rest;
  return {
    ...kept,
    stage: 'start',
    retryCount: operation.retryCount + 1,
    attemptStartedAt: now,
    states: '-'.repeat(operation.states.length),
    messages: {},
    message: `attempt ${operation.retryCount + 2}`,
  };
};
