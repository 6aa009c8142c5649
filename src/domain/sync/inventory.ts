import { type KubernetesObject, resourceKey } from '../kubernetes-object.ts';
import type { InventoryEntry, Operation, Target } from './operation.ts';

/** The inventory with every tracked target in it, uids of known ones kept. The same length: nothing was added. */
export const withTargets = (inventory: readonly InventoryEntry[], targets: readonly Target[]): InventoryEntry[] => {
  const known = new Set(inventory.map(({ ref }) => resourceKey(ref)));
  const added = targets.filter(({ key, tracked }) => tracked && !known.has(key)).map(({ ref }) => ({ ref }));
  return [...inventory, ...added];
};

/**
 * The inventory after an operation: uids of what was applied; what was pruned is out, what pruning skipped stays in, so
 * that a later sync can still prune it.
 */
export const afterOperation = (
  inventory: readonly InventoryEntry[],
  operation: Operation,
  live: ReadonlyMap<string, KubernetesObject>,
  gone: ReadonlySet<string>,
): InventoryEntry[] =>
  inventory.flatMap((entry) => {
    const key = resourceKey(entry.ref);
    if (operation.results[key]?.status === 'Pruned' || gone.has(key)) return [];
    const uid = live.get(key)?.metadata.uid ?? entry.uid;
    return [uid === undefined ? entry : { ...entry, uid }];
  });
