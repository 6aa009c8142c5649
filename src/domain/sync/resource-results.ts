import { parseResourceKey } from './resource-key.ts';
import type { Operation, ResourceResult, Target } from './sync-operation.ts';
import { type Task, tasksOf } from './tasks.ts';

/** What became of each object, in the order in which they ran, from an operation and the targets it was started with. */
export const resourceResults = (operation: Operation, targets: readonly Target[]): ResourceResult[] => {
  const applied = tasksOf(targets, operation).flatMap((task) => taskResult(operation, task) ?? []);
  const pruned = Object.entries(operation.prunes ?? {}).flatMap(
    ([key, text]) => pruneResult(key, text.slice(0, 1), operation.messages[key] ?? '') ?? [],
  );
  return [...applied, ...pruned];
};

const taskResult = ({ states, messages }: Operation, task: Task): ResourceResult | undefined => {
  const letter = states[task.index] ?? '-';
  if (letter === 'x' || letter === '-') return undefined;
  const { key, ref, phase, index, target } = task;
  const hookPhase = target.hook ? hookPhaseOf(letter) : undefined;
  const isApplied = 'ersS'.includes(letter) || (target.hook && 'fF'.includes(letter));
  const status = isApplied ? 'Synced' : letter === 'f' ? 'SyncFailed' : undefined;
  return {
    key,
    ref,
    syncPhase: phase,
    ...(status ? { status } : {}),
    ...(hookPhase ? { hookPhase } : {}),
    message: messages[index] ?? '',
  };
};

const hookPhaseOf = (letter: string): ResourceResult['hookPhase'] => {
  if ('sS'.includes(letter)) return 'Succeeded';
  return 'fF'.includes(letter) ? 'Failed' : 'Running';
};

const PRUNED: Readonly<Record<string, ResourceResult['status']>> = {
  s: 'Pruned',
  k: 'PruneSkipped',
  f: 'SyncFailed',
};

const pruneResult = (key: string, letter: string, message: string): ResourceResult | undefined => {
  const status = PRUNED[letter];
  return status && { key, ref: parseResourceKey(key), syncPhase: 'Sync', status, message };
};
