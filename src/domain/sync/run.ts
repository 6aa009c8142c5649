import { parseGoDuration } from '../go-duration.ts';
import { resourceKey } from '../kubernetes-object.ts';
import type { Action, ActionError, JsonPatchOperation } from './actions.ts';
import type { InventoryEntry, Operation, Step, StepInput, WaitReason } from './sync-operation.ts';
import { type ApplicationOptions, applicationOptions } from './sync-options.ts';
import { type Task, tasksOf } from './tasks.ts';

/**
 * Where a task or a prune is. `-` not begun; `d` its object is being deleted, to be made anew (a prune: is being deleted);
 * `c` the old object is gone, it may be created; `m` fields' ownership was moved, it is applied again; `e` a definition
 * that is not established yet; `r` applied, health is awaited; `s` succeeded; `f` failed; `x` left out; `k` a prune that
 * was skipped; `S`, `F`: a hook that ended and was cleaned up.
 */
export type TaskState = '-' | 'd' | 'c' | 'm' | 'e' | 'r' | 's' | 'f' | 'x' | 'k' | 'S' | 'F';

const LETTERS = '-dcmersfxkSF';

const isState = (letter: string): letter is TaskState => letter !== '' && LETTERS.includes(letter);

/** One step's working copy of what is stored; nothing outside of it is changed. */
export interface Run {
  input: StepInput;
  options: ApplicationOptions;
  op: Operation;
  tasks: readonly Task[];
  states: TaskState[];
  prunes: Map<string, Prune>;
  inventory: Map<string, InventoryEntry>;
  inventoryChanged: boolean;
  storeFirst: boolean;
  /** The first transient error among the answers. */
  held?: ActionError;
  /** Keys that were read just now. */
  looked: ReadonlySet<string>;
}

export interface Prune {
  state: TaskState;
  wave: number;
}

/** What a stage came to: something to do or to wait for; undefined: nothing any more. */
export interface Move {
  actions?: Action[];
  wait?: { seconds: number; reason: WaitReason; message: string };
}

/** What one step works on: the operation copied, its tasks with their states, the inventory by key. */
export const openRun = (input: StepInput): Run => {
  const { operation, targets, results } = input;
  return {
    input,
    options: applicationOptions(input.application),
    op: { ...operation, messages: { ...operation.messages } },
    tasks: tasksOf(targets, operation),
    states: Array.from(operation.states, (letter) => (isState(letter) ? letter : '-')),
    prunes: new Map(Object.entries(operation.prunes ?? {}).map(([key, text]) => [key, readPrune(text)])),
    inventory: new Map(input.inventory.map((entry) => [resourceKey(entry.ref), entry])),
    inventoryChanged: false,
    storeFirst: false,
    looked: new Set(results.filter(({ type, error }) => type === 'read' && !error).map(({ key }) => key)),
  };
};

const readPrune = (text: string): Prune => {
  const letter = text.slice(0, 1);
  return { state: isState(letter) ? letter : '-', wave: Number(text.slice(1)) };
};

/** The step that a move makes, with everything that changed written back. */
export const closeRun = (run: Run, move: Move = {}): Step => {
  const { op, input } = run;
  op.states = run.states.join('');
  if (op.prunes)
    op.prunes = Object.fromEntries([...run.prunes].map(([key, { state, wave }]) => [key, `${state}${wave}`]));
  const hasMoved = op.states !== input.operation.states || op.stage !== input.operation.stage;
  if (hasMoved) delete op.waitingSince;
  delete op.waiting;
  if (move.wait) {
    op.waiting = move.wait.reason;
    op.waitingSince ??= input.now;
    op.message = move.wait.message;
  }
  return {
    operation: op,
    actions: move.actions ?? [],
    storeFirst: run.storeFirst,
    ...(run.inventoryChanged ? { inventory: [...run.inventory.values()] } : {}),
    ...(move.wait ? { wait: move.wait } : {}),
    done: op.stage === 'ended',
  };
};

/** A task's state letter. */
export const stateOf = (run: Run, { index }: Task): TaskState => run.states[index] ?? '-';

/** Sets a task’s state, and its message where there is something to say. */
export const setState = (run: Run, { index }: Task, state: TaskState, message?: string): void => {
  run.states[index] = state;
  say(run, String(index), message);
};

/** The most text that an operation carries for its objects: it is stored in one row. */
const MESSAGE_LENGTH = 300;
const MESSAGES = 200;

/** Notes why a task or prune failed, waits or was skipped; nothing: forgets what was noted. */
export const say = ({ op }: Run, id: string, message: string | undefined): void => {
  if (!message) delete op.messages[id];
  else if (id in op.messages || Object.keys(op.messages).length < MESSAGES)
    op.messages[id] = message.slice(0, MESSAGE_LENGTH);
};

/** Sets or removes one entry of the inventory that the step answers with. */
export const putInventory = (run: Run, key: string, entry: InventoryEntry | undefined): void => {
  run.inventoryChanged = true;
  if (entry) run.inventory.set(key, entry);
  else run.inventory.delete(key);
};

const POLL_MOST_SECONDS = 1;
const POLL_LEAST_SECONDS = 0.05;

/** Seconds until the next look: short at first, never more than a second, so that a change is noticed within two. */
export const pollSeconds = ({ op, input }: Run): number => {
  const waited = (input.now - (op.waitingSince ?? input.now)) / 1000;
  return Math.min(POLL_MOST_SECONDS, Math.max(POLL_LEAST_SECONDS, waited / 4));
};

const DEADLINE_ANNOTATION = 'towline.dev/progress-deadline';
const DEADLINE_MS = 600_000;

/** Whether what can cure itself (a kind that is not served yet, a cluster that does not answer) has had its time. */
export const isPastDeadline = ({ op, input }: Run): boolean => {
  const text = input.application.annotations[DEADLINE_ANNOTATION];
  return input.now - (op.waitingSince ?? input.now) >= ((text && parseGoDuration(text)) || DEADLINE_MS);
};

const APPROVED_ANNOTATION = 'argocd.argoproj.io/deletion-approved';

/** Whether a person confirmed, since the operation started: here, or as in Argo CD by the Application's annotation (RFC 3339). */
export const isConfirmed = ({ op, input }: Run, what: 'prune' | 'delete'): boolean => {
  const at = Date.parse(input.application.annotations[APPROVED_ANNOTATION] ?? '');
  // Written to the second.
  return input.approved?.[what] === true || at >= Math.floor(op.startedAt / 1000) * 1000;
};

/** The action that reads a task’s object. */
export const readOf = ({ key, ref }: Pick<Task, 'key' | 'ref'>): Action => ({ type: 'read', key, ref });

/** The action that patches a task’s object (RFC 6902). */
export const patchOf = ({ key, ref }: Pick<Task, 'key' | 'ref'>, patch: readonly JsonPatchOperation[]): Action => ({
  type: 'patch',
  key,
  ref,
  patch,
});
