import type { ApplicationRow } from '../application-row.ts';
import { decideSync, type SyncDecision } from './autosync.ts';

/**
 * What automated sync makes of a comparison of an application whose desired generation is applied: self-heal of the
 * objects that differ, after its pause, or nothing.
 */
export const decideHeal = (
  {
    spec,
    desired,
    operation,
    resources,
    sync,
  }: Pick<ApplicationRow, 'spec' | 'desired' | 'operation' | 'resources' | 'sync'>,
  now: number,
): SyncDecision => {
  const { finishedAt, heals } = operation ?? {};
  return decideSync({
    application: spec,
    attempt: String(desired?.generation),
    sync,
    outOfSync: resources.flatMap((resource) =>
      resource.sync === 'OutOfSync' ? [{ ref: resource, requiresPruning: resource.prune === true }] : [],
    ),
    resources: resources.length,
    now,
    ...(operation
      ? {
          last: {
            attempt: String(operation.generation),
            phase: operation.phase,
            ...(finishedAt === undefined ? {} : { finishedAt }),
            ...(heals === undefined ? {} : { heals }),
          },
        }
      : {}),
  });
};
