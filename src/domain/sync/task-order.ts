import type { KubernetesObject } from '../kubernetes-object.ts';
import { groupOf, isCustomResourceDefinition, servedBy } from './definitions.ts';
import { kindRank } from './kind-order.ts';
import type { SyncPhase } from './sync-operation.ts';

const PHASES: Record<SyncPhase, number> = {
  PreDelete: -2,
  PreSync: -1,
  Sync: 0,
  PostSync: 1,
  SyncFail: 2,
  PostDelete: 3,
};

/** What the order goes by. */
export interface Ordered {
  phase: SyncPhase;
  wave: number;
  object: KubernetesObject;
}

const nameOf = ({ object }: Ordered): string => object.metadata?.name ?? object.metadata?.generateName ?? '';

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Which of two tasks comes first: phase, then wave. */
export const byWave = (a: Pick<Ordered, 'phase' | 'wave'>, b: Pick<Ordered, 'phase' | 'wave'>): number =>
  PHASES[a.phase] - PHASES[b.phase] || a.wave - b.wave;

const byOrder = (a: Ordered, b: Ordered): number =>
  byWave(a, b) || kindRank(a.object.kind) - kindRank(b.object.kind) || byText(nameOf(a), nameOf(b));

/** Tasks by phase, wave, kind and name alone. */
export const sortTasks = <T extends Ordered>(tasks: readonly T[]): T[] => tasks.toSorted(byOrder);

/**
 * Tasks in the order in which they run: phase, wave, kind, name; then a Namespace or CustomResourceDefinition moves before
 * the first task that needs it and takes over its phase and wave. Answers with copies where phase or wave changed.
 * Source: Argo CD docs, Sync Phases and Waves.
 */
export const orderTasks = <T extends Ordered>(tasks: readonly T[]): T[] => {
  const sorted = sortTasks(tasks);
  const spaced = dependenciesFirst(
    sorted,
    ({ object }) => (object.kind === 'Namespace' && groupOf(object) === '' ? object.metadata.name : undefined),
    ({ object }) => object.metadata?.namespace || undefined,
  );
  return dependenciesFirst(
    spaced,
    ({ object }) => (isCustomResourceDefinition(object) ? servedBy(object) : undefined),
    ({ object }) => `${groupOf(object)}/${object.kind}`,
  );
};

const dependenciesFirst = <T extends Ordered>(
  tasks: readonly T[],
  provides: (task: T) => string | undefined,
  needs: (task: T) => string | undefined,
): T[] => {
  if (!tasks.some((task) => provides(task) !== undefined)) return [...tasks];
  const ordered: T[] = [];
  const firstUser = new Map<string, T>();
  for (const task of tasks) {
    const provided = provides(task);
    const user = provided === undefined ? undefined : firstUser.get(provided);
    if (user) ordered.splice(ordered.indexOf(user), 0, { ...task, phase: user.phase, wave: user.wave });
    else ordered.push(task);
    const needed = provided === undefined ? needs(task) : undefined;
    if (needed !== undefined && !firstUser.has(needed)) firstUser.set(needed, task);
  }
  return ordered;
};

/**
 * The waves in which objects are pruned: those of their creation, first and last swapped, and so on inwards (1, 3, 4 → 4,
 * 3, 1); `last`: after every wave of the Sync phase. `others`: the waves of what is applied in that phase.
 */
export const pruneWaves = <T extends { wave: number; last: boolean }>(
  prunes: readonly T[],
  others: readonly number[],
): number[] => {
  const unique = [...new Set(prunes.map(({ wave }) => wave))].toSorted((a, b) => a - b);
  const mirrored = new Map(unique.map((wave, index) => [wave, unique[unique.length - 1 - index] ?? wave]));
  const swapped = prunes.map(({ wave }) => mirrored.get(wave) ?? wave);
  const after = [...swapped, ...others].reduce((highest, wave) => Math.max(highest, wave), 0) + 1;
  return prunes.map(({ last }, index) => (last ? after : (swapped[index] ?? 0)));
};
