import type { Health } from '../health/health-status.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import type { ActionError, ActionResult } from './actions.ts';
import { isCustomResourceDefinition, isEstablished } from './definitions.ts';
import { migratedManagers, migrateFields } from './migrate-fields.ts';
import { isPastDeadline, putInventory, type Run, say, setState, stateOf } from './run.ts';
import type { Task } from './tasks.ts';

/** Takes the answers to the last step's actions into the operation's states and the inventory. */
export const absorb = (run: Run): void => {
  const { results } = run.input;
  if (results.length === 0) return;
  const tasks = new Map(run.tasks.filter((task) => isUnderWay(run, task)).map((task) => [task.key, task]));
  for (const result of results) {
    const { error } = result;
    if (error?.kind === 'transient') run.held ??= error;
    const isUnread = result.type === 'read' && error && error.kind !== 'transient' && error.code !== 'kind-unknown';
    if (result.type === 'dry-run' || (result.type === 'read' && !isUnread)) continue;
    // The delay between waves counts from the last answer.
    if (run.op.syncPhase !== undefined) run.op.waveAt = run.input.now;
    const task = tasks.get(result.key);
    if (task && isUnread && run.op.stage !== 'cleanup') setState(run, task, 'f', error.message);
    else if (task) absorbTask(run, task, result);
    else if (error && error.kind !== 'transient') absorbPruneError(run, result.key, error);
  }
};

const isUnderWay = (run: Run, task: Task): boolean => {
  const { stage, syncPhase, wave } = run.op;
  return (
    stage === 'cleanup' || (task.phase === syncPhase && task.wave === wave && '-dcmer'.includes(stateOf(run, task)))
  );
};

const absorbPruneError = (run: Run, key: string, { code, message }: ActionError): void => {
  const prune = run.prunes.get(key);
  if (!prune || !'-d'.includes(prune.state) || code === 'object-missing') return;
  prune.state = 'f';
  say(run, key, message);
};

const absorbTask = (run: Run, task: Task, result: ActionResult): void => {
  if (run.op.stage === 'cleanup') absorbCleanup(run, task, result);
  else if (result.error) absorbError(run, task, result, result.error);
  else if (result.object && result.type !== 'delete') absorbObject(run, task, result, result.object);
};

/** A cleanup that is refused is given up: it must not hold the outcome back. */
const absorbCleanup = (run: Run, task: Task, { type, error }: ActionResult): void => {
  const isOver = error ? error.kind !== 'transient' && error.code !== 'object-missing' : type === 'delete';
  if (!isOver) return;
  const { index } = task;
  setState(run, task, stateOf(run, task) === 's' ? 'S' : 'F', error?.message ?? run.op.messages[index]);
  if (!error) putInventory(run, task.key, undefined);
};

const absorbObject = (run: Run, task: Task, { type }: ActionResult, object: KubernetesObject): void => {
  const state = stateOf(run, task);
  if (type === 'patch') {
    if (state === '-' || state === 'm') setState(run, task, 'm');
    return;
  }
  const entry = run.inventory.get(task.key);
  const { uid } = object.metadata;
  if (uid !== undefined && entry?.uid !== uid)
    putInventory(run, task.key, { ref: task.ref, uid, ...(task.target.hook ? { hook: true } : {}) });
  if (isCustomResourceDefinition(object) && !isEstablished(object)) setState(run, task, 'e', 'not established yet');
  else if (type === 'apply' && state === '-' && migrationOf(run, task, object)) setState(run, task, 'm');
  else settle(run, task, object);
};

/** The patch that takes over fields of client-side managers; undefined: none to take, or the Application forbids it. */
export const migrationOf = ({ input, op, options }: Run, { target }: Task, live: KubernetesObject) =>
  options.clientSideApplyMigration && !target.hook && target.options.serverSideApply
    ? migrateFields(live, migratedManagers(input.application, op.options.adopt))
    : undefined;

/** What an object that was just applied is by its answer alone: without health it is done, a hook may be done too. */
export const settle = (run: Run, task: Task, object: KubernetesObject): void => {
  const health = run.input.healthOf(object);
  if (!health) setState(run, task, 's');
  else if (task.target.hook) judgeHook(run, task, object, health);
  else setState(run, task, 'r', text(health));
};

/** What a wait or a failure says of an object's health. */
const text = ({ status, message }: Health): string => (message ? `${status}: ${message}` : status);

/** Argo CD: Degraded and Unknown fail a hook, Progressing and Suspended keep it running. */
export const judgeHook = (run: Run, task: Task, { metadata }: KubernetesObject, health: Health | undefined): void => {
  if (!health || health.status === 'Healthy') setState(run, task, 's');
  else if (health.status === 'Degraded' || health.status === 'Unknown') setState(run, task, 'f', text(health));
  else if (metadata.deletionTimestamp) setState(run, task, 'f', 'it was deleted while it ran');
  else setState(run, task, 'r', text(health));
};

/** A resource between two waves: Degraded fails the operation, everything else but Healthy is waited for. */
export const judgeResource = (run: Run, task: Task, health: Health | undefined): void => {
  if (!health || health.status === 'Healthy') setState(run, task, 's');
  else setState(run, task, health.status === 'Degraded' ? 'f' : 'r', text(health));
};

const absorbError = (run: Run, task: Task, { type }: ActionResult, error: ActionError): void => {
  const { op, input } = run;
  const { code, message } = error;
  const isForced = op.options.force || task.target.options.force;
  if (error.kind === 'transient') return;
  if (code === 'namespace-missing' && input.targets.some(({ tracked }) => !tracked)) {
    op.stage = 'start';
    op.ensureNamespace = true;
  } else if ((code === 'kind-unknown' || task.target.kind === 'unknown') && !isPastDeadline(run))
    run.held ??= { ...error, code: 'kind-unknown' };
  else if (code === 'object-missing' || code === 'already-exists') say(run, String(task.index), message);
  else if (code === 'apply-invalid' && isForced && !error.untyped && type !== 'create' && stateOf(run, task) !== 'c') {
    run.storeFirst = true;
    setState(run, task, 'd', `is made anew: ${message}`);
  }
  // Ownership that cannot be moved does not keep the rest from being applied.
  else if (type === 'patch') setState(run, task, 'c', message);
  else setState(run, task, 'f', message);
};
