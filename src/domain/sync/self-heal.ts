import type { ApplicationRow } from '../application-row.ts';
import { decideSync, type SyncDecision } from './autosync.ts';
import { lastAttempt } from './decide-start.ts';

/** A generation that needed no operation of its own is as good as synced. */
const attemptAtApplied = ({ operation, desired }: Pick<ApplicationRow, 'operation' | 'desired'>) => {
  const last = lastAttempt({ operation });
  if (!last || !desired || (operation?.generation ?? 0) >= desired.generation) return last;
  return { ...last, attempt: String(desired.generation), phase: 'Succeeded' as const };
};

/**
 * What automated sync makes of a comparison of an application whose desired generation is applied: self-heal of the
 * objects that differ, after its pause, or nothing.
 */
export const decideHeal = (
  row: Pick<ApplicationRow, 'spec' | 'desired' | 'operation' | 'resources' | 'sync'>,
  now: number,
): SyncDecision => {
  const { spec, desired, resources, sync } = row;
  const last = attemptAtApplied(row);
  return decideSync({
    application: spec,
    attempt: String(desired?.generation),
    sync,
    outOfSync: resources.flatMap((resource) =>
      resource.sync === 'OutOfSync' ? [{ ref: resource, requiresPruning: resource.prune === true }] : [],
    ),
    resources: resources.length,
    now,
    ...(last ? { last } : {}),
  });
};
