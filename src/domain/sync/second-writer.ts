import type { ApplicationRow, ResourceState } from '../application-row.ts';
import { type KubernetesObject, resourceKey } from '../kubernetes-object.ts';
import { FIELD_MANAGER } from './migrate-fields.ts';

/**
 * When our field manager last changed an object, as the API server notes it; undefined: it never did. A time that is not
 * that of our own last write is another's who writes under our name: an Argo CD that was not told to let go (design §12).
 */
export const writtenAt = ({ metadata }: KubernetesObject): string | undefined => {
  const ours = (metadata.managedFields ?? []).filter(
    ({ manager, subresource }) => manager === FIELD_MANAGER && !subresource,
  );
  return ours.length > 0 ? ours.map(({ operation, time }) => `${operation} ${time}`).join(', ') : undefined;
};

/** Whether somebody else has written an object under our name since we did. */
export const isRivalled = (known: Pick<ResourceState, 'written'> | undefined, live: KubernetesObject): boolean => {
  const now = writtenAt(live);
  return known?.written !== undefined && now !== undefined && known.written !== now;
};

/** The row's count of second writers after a comparison that found objects whose time moved on; undefined: it found none. */
export const rivalSeen = (
  { resources: before, rival }: ApplicationRow,
  now: readonly ResourceState[],
): ApplicationRow['rival'] => {
  const known = new Map(before.map((state) => [resourceKey(state), state.written]));
  const found = now.find((state) => {
    const was = known.get(resourceKey(state));
    return was !== undefined && state.written !== undefined && was !== state.written;
  });
  return found && { count: (rival?.count ?? 0) + 1, sample: `${found.kind}/${found.name}` };
};

/** One may be our own, by a worker that was thought dead; a second one after it was put right is a fight. */
const FIGHT = 2;

/**
 * Why self-heal has to stop: it and a second writer undo each other's work. Undefined: it need not. Ends with the next
 * revision that is synced, or with a sync that a person asks for.
 */
export const rivalText = ({ rival }: Pick<ApplicationRow, 'rival'>): string | undefined =>
  rival && rival.count >= FIGHT
    ? `self-heal is stopped: another controller writes ${rival.sample} as ${FIELD_MANAGER} too; take the application from it, then sync`
    : undefined;
