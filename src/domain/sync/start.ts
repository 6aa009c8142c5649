import type { KubernetesObject } from '../kubernetes-object.ts';
import { resourceKey } from '../kubernetes-object.ts';
import type { Action, ActionError, ActionResult } from './actions.ts';
import { lacksMetadata } from './created-namespace.ts';
import { endWith } from './ending.ts';
import { planPrunes, pruneCandidates } from './prunes.ts';
import { isPastDeadline, type Move, pollSeconds, putInventory, type Run, readOf, setState, stateOf } from './run.ts';
import { selection } from './selection.ts';
import type { Target } from './sync-operation.ts';
import { applyWay } from './sync-options.ts';
import { nameRef, type Task } from './tasks.ts';
import { otherOwner } from './tracking.ts';

/**
 * Before the first wave: what is refused is refused before anything is touched, in one round of requests for everything:
 * first contacts and candidates for pruning are read, and all objects dry-run, unless there is but one to apply, which the
 * API server takes or refuses whole. Undefined: on to the waves.
 */
export const startStage = (run: Run): Move | undefined => {
  const { results } = run.input;
  if (run.op.stage === 'namespace') return results.length === 0 ? applyNamespace(run) : namespaceMade(run, results);
  if (results.length === 0) {
    const refused = refusal(run);
    if (refused !== undefined) return endWith(run, { phase: 'Failed', message: refused, final: true });
    leaveOut(run);
    writeDown(run);
    const actions = [...looks(run), ...dryRuns(run)];
    if (actions.length > 0) return { actions };
  }
  return judgeStart(run, results);
};

const refusal = ({ input, inventory, tasks }: Run): string | undefined => {
  const { targets, permitted, operation } = input;
  for (const { ref, namespaced, phases, tracked } of targets) {
    const reason = tracked && phases.length > 0 ? permitted(ref, namespaced) : undefined;
    if (reason !== undefined) return reason;
  }
  const isEmpty = targets.every(({ tracked }) => !tracked);
  const hasObjects = [...inventory.values()].some(({ hook }) => !hook);
  if (isEmpty && tasks.length === 0 && hasObjects && operation.options.prune && !operation.options.allowEmpty)
    return 'the sources render to nothing: nothing is pruned without allowEmpty';
  return undefined;
};

/** Marks what this operation does not touch: outside of the selection, hooks that do not run, what is in sync. */
const leaveOut = (run: Run): void => {
  const { options } = run.op;
  const isSelected = options.resources && selection(options.resources);
  const { outOfSync } = run.input;
  for (const task of run.tasks) {
    if (stateOf(run, task) !== '-') continue;
    const { hook } = task.target;
    const isChosen = isSelected ? !hook && isSelected(task.ref) : !(hook && options.strategy === 'apply');
    const isInSync = run.options.applyOutOfSyncOnly && !hook && outOfSync !== undefined && !outOfSync.has(task.key);
    if (!isChosen || (isInSync && isKnown(run, task))) setState(run, task, 'x');
  }
};

/** What will be applied enters the inventory first, so that what is applied right before a crash can still be pruned. */
const writeDown = (run: Run): void => {
  if (run.op.options.dryRun) return;
  for (const task of run.tasks) {
    const entry = run.inventory.get(task.key);
    const isHook = task.target.hook;
    // What nobody serves cannot be applied, and its scope, so its key, is still a guess.
    if (stateOf(run, task) === 'x' || task.target.kind === 'unknown') continue;
    if (entry && Boolean(entry.hook) === isHook) continue;
    putInventory(run, task.key, {
      ref: task.ref,
      ...(entry?.uid ? { uid: entry.uid } : {}),
      ...(isHook ? { hook: true } : {}),
    });
    run.storeFirst = true;
  }
};

/** Whether the application is known to have applied an object, so that it need not be looked at first. */
export const isKnown = ({ inventory }: Run, { key }: Pick<Task, 'key'>): boolean =>
  inventory.get(key)?.uid !== undefined;

/** Whether an object has to be seen before it is written. */
export const needsLook = (run: Run, task: Task): boolean => {
  const { options, input } = run;
  return (
    !isKnown(run, task) ||
    options.failOnSharedResource ||
    task.target.options.replace ||
    (options.respectIgnoreDifferences && input.withIgnoredFields !== undefined)
  );
};

const pending = (run: Run): Task[] => run.tasks.filter((task) => stateOf(run, task) === '-');

const looks = (run: Run): Action[] => {
  const tasks = pending(run).filter((task) => !task.target.hook && needsLook(run, task));
  const candidates = run.op.prunes ? [] : pruneCandidates(run).map(({ ref }) => ({ key: resourceKey(ref), ref }));
  const namespace = namespaceToSee(run);
  const { live } = run.input;
  return [...(namespace ? [namespace] : []), ...tasks, ...candidates].filter(({ key }) => !live.has(key)).map(readOf);
};

/** The namespace to make, where it may be missing or lack its metadata: where nothing of ours is known to be in it. */
const namespaceToSee = ({ input, inventory, op }: Run): Target | undefined => {
  const target = input.targets.find(({ tracked }) => !tracked);
  if (!target) return undefined;
  const { labels, annotations } = target.object.metadata;
  const isInhabited = [...inventory.values()].some(({ ref, uid }) => uid && ref.namespace === target.ref.name);
  return isInhabited && !labels && !annotations && !op.ensureNamespace ? undefined : target;
};

const dryRuns = (run: Run): Action[] => {
  const tasks = pending(run);
  if (tasks.length < 2 && !run.op.options.dryRun) return [];
  const toCome = new Set(
    run.tasks.filter((task) => task.ref.kind === 'Namespace' && !isKnown(run, task)).map(({ ref }) => ref.name),
  );
  return tasks
    .filter((task) => canDryRun(run, task, toCome))
    .map(({ key, object, target }) => ({
      type: 'dry-run',
      key,
      object,
      ...(target.hook ? { method: 'create' } : { method: 'apply', ...applyWay(target.options) }),
    }));
};

/** Not what needs a kind or namespace that comes with this very sync, nor what may have to be made anew. */
const canDryRun = ({ op }: Run, { target, ref }: Task, toCome: ReadonlySet<string>): boolean => {
  if (target.kind !== 'served' && (target.kind === 'defined-here' || target.options.skipDryRunOnMissingResource))
    return false;
  if (target.options.replace || target.options.force || op.options.force) return false;
  return ref.namespace === undefined || !toCome.has(ref.namespace);
};

/** Dry runs fail for these where the sync itself would not. */
const isNoRefusal = (run: Run, { code }: ActionError): boolean =>
  code === 'already-exists' || (code === 'namespace-missing' && run.input.targets.some(({ tracked }) => !tracked));

const judgeStart = (run: Run, results: readonly ActionResult[]): Move | undefined => {
  const failed = results.filter(({ error }) => error && !isNoRefusal(run, error));
  const dryRun = failed.filter(({ type }) => type === 'dry-run');
  // A kind that came in between was sent on a guess: whatever was said of it, it is prepared again.
  const guessed = new Set(run.tasks.filter(({ target }) => target.kind === 'unknown').map(({ key }) => key));
  const unserved = dryRun.filter(({ key, error }) => error?.code === 'kind-unknown' || guessed.has(key));
  const refused = isPastDeadline(run) ? dryRun : dryRun.filter((result) => !unserved.includes(result));
  const unread = failed.find(({ type, error }) => type === 'read' && error?.code !== 'kind-unknown');
  const [foreign] = foreignOwners(run);
  if (foreign !== undefined) return endWith(run, { phase: 'Failed', message: foreign, final: true });
  if (refused.length > 0) return failDryRun(run, refused);
  if (unread) return endWith(run, { phase: 'Error', message: unread.error?.message ?? '' });
  const [first] = unserved;
  if (first) return { wait: { seconds: pollSeconds(run), reason: 'kind', message: first.error?.message ?? '' } };
  if (!run.op.prunes) planPrunes(run);
  if (run.op.options.dryRun)
    return endWith(run, { phase: 'Succeeded', message: 'dry run: everything would be applied' });
  run.op.stage = 'waves';
  return applyNamespace(run);
};

const failDryRun = (run: Run, refused: readonly ActionResult[]): Move => {
  for (const { key, error } of refused) {
    const task = run.tasks.find((one) => one.key === key);
    if (task && error) setState(run, task, 'f', error.message);
  }
  const [first] = refused;
  const more = refused.length > 1 ? ` (and ${refused.length - 1} more)` : '';
  return endWith(run, { phase: 'Failed', message: `${first?.error?.message ?? ''}${more}` });
};

/** Objects that belong to somebody else: never taken without adopt, and not even so with FailOnSharedResource. */
const foreignOwners = (run: Run): string[] => {
  if (run.op.options.adopt && !run.options.failOnSharedResource) return [];
  const targets = [
    ...pending(run),
    ...run.input.targets.filter(({ tracked, object }) => !tracked && hasMetadata(object)),
  ];
  return targets.flatMap(({ key, ref }) => {
    const owner = otherOwner(run.input.live.get(key), run.input.application, run.input.settings);
    return owner === undefined ? [] : [takenMessage(ref, owner)];
  });
};

/** Why an object is not taken, and what to do. */
export const takenMessage = (ref: Task['ref'], owner: string): string =>
  `${nameRef(ref)} belongs to application ${owner}: remove it from one of them, or set spec.adopt in the fleet file`;

const hasMetadata = ({ metadata }: KubernetesObject): boolean => Boolean(metadata.labels ?? metadata.annotations);

/** Makes the destination's namespace, or gives it the metadata that it lacks; undefined: nothing to do. */
const applyNamespace = (run: Run): Move | undefined => {
  const target = namespaceToSee(run);
  if (!target) return undefined;
  const { key, ref, object } = target;
  run.op.stage = 'namespace';
  if (!run.input.live.has(key)) return { actions: [readOf({ key, ref })] };
  const live = run.input.live.get(key);
  if (!live || lacksMetadata(object, live)) return { actions: [{ type: 'apply', key, object }] };
  return namespaceThere(run);
};

const namespaceMade = (run: Run, results: readonly ActionResult[]): Move | undefined => {
  const target = namespaceToSee(run);
  const answer = results.find(({ key }) => key === target?.key);
  if (answer?.error) return endWith(run, { phase: 'Failed', message: answer.error.message });
  return answer?.type === 'apply' ? namespaceThere(run) : applyNamespace(run);
};

const namespaceThere = (run: Run): undefined => {
  run.op.stage = 'waves';
  delete run.op.ensureNamespace;
  return undefined;
};
