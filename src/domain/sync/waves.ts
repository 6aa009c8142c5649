import { resourceKey } from '../kubernetes-object.ts';
import { awaitDeletion, beingPruned, judgePruned, pruneWave } from './prunes.ts';
import { type Move, type Run, readOf, setState, stateOf, type TaskState } from './run.ts';
import type { SyncPhase } from './sync-operation.ts';
import { byWave } from './task-order.ts';
import type { Task } from './tasks.ts';
import { applyWave, judgeTasks, waitFor } from './wave.ts';

const WAVE_DELAY_SECONDS = 2;
const OPEN: readonly TaskState[] = ['-', 'd', 'c', 'm', 'e', 'r'];
const TO_APPLY: readonly TaskState[] = ['-', 'd', 'c', 'm'];

interface Position {
  phase: SyncPhase;
  wave: number;
}

/**
 * Takes tasks, and with `prunes` the planned prunes, wave by wave: in each prunes, hooks that are in the way, one kind after
 * another; the next once all are healthy and the delay between waves is over. A failed apply stops the waves after its own
 * only. Nothing of the last wave is awaited but hooks and deletions. Source: Argo CD docs, Sync Phases and Waves.
 */
export const runWaves = (run: Run, tasks: readonly Task[], prunes: boolean): Move | 'complete' | 'failed' => {
  const look = lookAgain(run, tasks, prunes);
  if (look) return look;
  judgeTasks(run, tasks);
  if (prunes) judgePruned(run);
  const at = position(run, tasks, prunes, OPEN);
  const failed = failedAt(run, tasks, prunes);
  if (failed === 'prune') return 'failed';
  if (!at) return failed ? 'failed' : 'complete';
  const here = tasks.filter((task) => byWave(task, at) === 0);
  const isStuck = failed && (byWave(failed, at) !== 0 || !here.some((task) => TO_APPLY.includes(stateOf(run, task))));
  if (isStuck) return awaitHooks(run, tasks, failed) ?? 'failed';
  const delay = isNew(run, at) ? waveDelay(run) : 0;
  if (delay > 0) return { wait: { seconds: delay, reason: 'wave-delay', message: `waits before wave ${at.wave}` } };
  run.op.syncPhase = at.phase;
  run.op.wave = at.wave;
  const pruning = prunes && at.phase === 'Sync' ? pruneWave(run, at.wave) : undefined;
  const move = pruning && !isEmpty(pruning) ? pruning : applyWave(run, here);
  return move ?? afterWave(run, tasks, here, at, prunes);
};

const isEmpty = ({ actions, wait }: Move): boolean => !wait && !actions?.length;

const isNew = ({ op }: Run, at: Position): boolean => op.syncPhase !== at.phase || op.wave !== at.wave;

/** Seconds until the delay after the last wave is over. */
const waveDelay = ({ op, input }: Run): number => {
  if (op.waveAt === undefined) return 0;
  return Math.max(0, (op.waveAt - input.now) / 1000 + (input.waveDelaySeconds ?? WAVE_DELAY_SECONDS));
};

/** After a wait nothing that was seen still holds: what is waited for is read first. */
const lookAgain = (run: Run, tasks: readonly Task[], prunes: boolean): Move | undefined => {
  if (run.input.results.length > 0) return undefined;
  const isDelayed = waveDelay(run) > 0;
  const watched = tasks.filter((task) => {
    const state = stateOf(run, task);
    // A resource's health means something only once its controller had the time to notice the change.
    return state === 'd' || state === 'e' || (state === 'r' && (task.target.hook || !isDelayed));
  });
  const deleted = prunes ? beingPruned(run).map(({ ref }) => ({ key: resourceKey(ref), ref })) : [];
  const actions = [...watched, ...deleted].map(readOf);
  return actions.length > 0 ? { actions } : undefined;
};

const prunePositions = (run: Run, states: readonly TaskState[]): Position[] =>
  [...run.prunes.values()].flatMap(({ state, wave }) => (states.includes(state) ? [{ phase: 'Sync', wave }] : []));

/** The first position with anything in these states. */
const position = (
  run: Run,
  tasks: readonly Task[],
  prunes: boolean,
  states: readonly TaskState[],
): Position | undefined => {
  const open: Position[] = tasks.filter((task) => states.includes(stateOf(run, task)));
  return [...open, ...(prunes ? prunePositions(run, states) : [])].reduce<Position | undefined>(
    (first, one) => (first === undefined || byWave(one, first) < 0 ? one : first),
    undefined,
  );
};

const failedAt = (run: Run, tasks: readonly Task[], prunes: boolean): Position | 'prune' | undefined => {
  if (prunes && [...run.prunes.values()].some(({ state }) => state === 'f')) return 'prune';
  return tasks.findLast((task) => stateOf(run, task) === 'f');
};

/** All of a wave is applied: on to the next one, wait for its health, or leave the last one to itself. */
const afterWave = (
  run: Run,
  tasks: readonly Task[],
  here: readonly Task[],
  at: Position,
  prunes: boolean,
): Move | 'complete' | 'failed' => {
  if (here.some((task) => stateOf(run, task) === 'f')) return awaitHooks(run, tasks, at) ?? 'failed';
  leaveLast(run, tasks, here, at, prunes);
  const waiting = here.filter((task) => stateOf(run, task) === 'r' || stateOf(run, task) === 'e');
  const [first] = waiting;
  if (first) return waitForWave(run, waiting, first);
  const isDeletedHere = [...run.prunes.values()].some(({ state, wave }) => state === 'd' && wave === at.wave);
  if (at.phase === 'Sync' && prunes && isDeletedHere) return awaitDeletion(run);
  return runWaves(run, tasks, prunes);
};

/**
 * Hooks that run where something failed come to their end first: a migration is not given up in its middle, nor is a second
 * one begun beside it. Resources are not awaited: they may never be healthy.
 */
const awaitHooks = (run: Run, tasks: readonly Task[], at: Position): Move | undefined => {
  const isRunning = (task: Task): boolean => task.target.hook && stateOf(run, task) === 'r' && byWave(task, at) === 0;
  const first = tasks.find(isRunning);
  return first && waitFor(run, first);
};

const waitForWave = (run: Run, waiting: readonly Task[], first: Task): Move => {
  const delay = waveDelay(run);
  const isUrgent = delay === 0 || waiting.some((task) => task.target.hook || stateOf(run, task) === 'e');
  const move = waitFor(run, first);
  if (!isUrgent && move.wait) move.wait.seconds = delay;
  return move;
};

/** The final wave's resources are not awaited; where there is but one wave, none is, whatever its hooks do. */
const leaveLast = (run: Run, tasks: readonly Task[], here: readonly Task[], at: Position, prunes: boolean): void => {
  const all: Position[] = [
    ...tasks.filter((task) => stateOf(run, task) !== 'x'),
    ...(prunes ? prunePositions(run, ['-', 'd', 's', 'f']) : []),
  ];
  const isLast = all.every((one) => byWave(one, at) <= 0);
  const isOnly = all.every((one) => byWave(one, at) === 0);
  if (!isOnly && !(isLast && here.every((task) => !task.target.hook))) return;
  for (const task of here) if (!task.target.hook && stateOf(run, task) === 'r') setState(run, task, 's');
};
