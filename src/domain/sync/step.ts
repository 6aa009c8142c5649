import { absorb } from './absorb.ts';
import type { Action } from './actions.ts';
import { deletionStage } from './deletion.ts';
import { cleanup, endWith, failureMessage, finish, nextAttempt } from './ending.ts';
import { closeRun, isPastDeadline, type Move, openRun, pollSeconds, type Run } from './run.ts';
import { startStage } from './start.ts';
import type { Step, StepInput } from './sync-operation.ts';
import { runWaves } from './waves.ts';

/**
 * The next step of an operation, from what is stored and what was seen: pure. Call it, store what it says where
 * `storeFirst`, run its actions, take the answers into `live` with `observe`, call it again with them as `results`; where it
 * waits, store, come back later with none; until `done`. It may be called again from any stored operation: a step that was
 * run, and whose answers were lost, is told from the cluster. Rules: Argo CD docs, Sync Phases and Waves; design §6.
 */
export const nextStep = (input: StepInput): Step => {
  const { operation, now } = input;
  if (operation.stage === 'ended') return { operation, actions: [], storeFirst: false, done: true };
  if (operation.retryAt !== undefined && operation.phase === 'Running') {
    if (now < operation.retryAt) return waitForRetry(input, operation.retryAt);
    return nextStep({ ...input, operation: nextAttempt(operation, now), live: new Map(), results: [] });
  }
  const run = openRun(input);
  absorb(run);
  const held = waitWhereHeld(run);
  if (held) return closeRun(run, held);
  return onwards(run);
};

const waitForRetry = ({ operation, now }: StepInput, at: number): Step => {
  const refresh = operation.options.retry?.refresh ? { refresh: true as const } : {};
  const wait = { seconds: (at - now) / 1000, reason: 'retry' as const, message: operation.message, ...refresh };
  return { operation, actions: [], storeFirst: false, wait, done: false };
};

const onwards = (run: Run): Step => {
  if (run.op.phase === 'Terminating') stopNow(run);
  const move = stageMove(run);
  if (move && (move.wait || (move.actions && move.actions.length > 0))) return closeRun(run, move);
  return run.op.stage === 'cleanup' ? finish(run) : onwards(run);
};

/** What the stage has left to do; undefined or empty: the next stage's turn. */
const stageMove = (run: Run): Move | undefined => {
  switch (run.op.stage) {
    case 'start':
      return run.op.kind === 'delete' ? deletionStage(run) : startStage(run);
    case 'namespace':
      return startStage(run);
    case 'waves':
      return wavesStage(run);
    case 'failing':
      return failingStage(run);
    case 'pre-delete':
    case 'deleting':
    case 'post-delete':
      return deletionStage(run);
    case 'cleanup':
      return cleanup(run);
    case 'ended':
      return undefined;
  }
};

const wavesStage = (run: Run): Move | undefined => {
  const tasks = run.tasks.filter(({ phase }) => phase !== 'SyncFail');
  const move = runWaves(run, tasks, true);
  if (move === 'complete') return endWith(run, { phase: 'Succeeded', message: 'successfully synced' });
  if (move !== 'failed') return move;
  delete run.op.waveAt;
  run.op.stage = 'failing';
  return undefined;
};

const failingStage = (run: Run): Move | undefined => {
  const tasks = run.tasks.filter(({ phase }) => phase === 'SyncFail');
  const move = runWaves(run, tasks, false);
  if (move !== 'complete' && move !== 'failed') return move;
  return endWith(run, { phase: 'Failed', message: failureMessage(run) });
};

const stopNow = ({ op }: Run): void => {
  if (op.stage === 'cleanup') return;
  const message = op.superseded ? 'superseded by a newer revision' : 'operation terminated';
  op.ending = { phase: 'Failed', message, final: true, ...(op.superseded ? { superseded: true } : {}) };
  op.stage = 'cleanup';
};

const MOST_SECONDS = 30;
/** So often an object that changed under our hands is looked at again at once. */
const AT_ONCE = 3;
const WRITES: ReadonlySet<Action['type']> = new Set(['apply', 'create', 'replace', 'delete', 'patch']);

/** Transient errors hold the operation up, longer each time, up to its deadline; then it ends with them. */
const waitWhereHeld = (run: Run): Move | undefined => {
  const { op, held } = run;
  if (!held) {
    if (run.input.results.length > 0) delete op.stumbles;
    // The look after a lost race always succeeds: only a write says that the race is won.
    if (run.input.results.some(({ type }) => WRITES.has(type))) delete op.lostRaces;
    return undefined;
  }
  if (held.code === 'precondition-failed') {
    op.lostRaces = (op.lostRaces ?? 0) + 1;
    if (op.lostRaces <= AT_ONCE) return undefined;
  }
  op.stumbles = Math.max((op.stumbles ?? 0) + 1, op.lostRaces ?? 0);
  if (isPastDeadline(run) && op.stage !== 'cleanup') return endWith(run, { phase: 'Error', message: held.message });
  const isKind = held.code === 'kind-unknown';
  const backoff = isKind ? pollSeconds(run) : Math.min(MOST_SECONDS, 0.25 * 2 ** op.stumbles);
  const seconds = held.retryAfterSeconds ?? backoff;
  return { wait: { seconds, reason: isKind ? 'kind' : 'cluster', message: held.message } };
};
