import { movedAlong } from '../../domain/applied-record.ts';
import type { Health } from '../../domain/health/health-status.ts';
import { decideStart } from '../../domain/sync/decide-start.ts';
import { compareApplication } from './compare-application.ts';
import type { SyncDeps } from './deps.ts';
import type { Advance, Look } from './look.ts';

/**
 * Takes the desired generation for applied, without an operation, where it was rendered to the very manifests that are
 * applied (a comment in a values file) and a comparison finds the cluster as they say. Undefined: it has to be synced, as
 * Argo CD syncs a new revision of what is out of sync.
 */
export const moveAlong = async (deps: SyncDeps, look: Look, manifests: string): Promise<Advance | undefined> => {
  const { row } = look;
  if (look.observe || row.applied?.manifests !== manifests || isBegun(look)) return undefined;
  // A person's request is carried out whatever a comparison says.
  if (decideStart(row, deps.clock(), 'Synced').action !== 'none') return undefined;
  const { change } = await compareApplication(deps, { ...look, isUnchanged: true });
  const moved = change.sync === 'Synced' ? movedAlong(row, deps.clock()) : undefined;
  if (!moved) return undefined;
  return {
    change: { ...change, ...moved },
    clear: ['awaiting', 'waiting', 'healing'],
    ...(isSettled(change.health) ? {} : { waitSeconds: 1 }),
  };
};

const isSettled = (health: Health | undefined): boolean =>
  health?.status === 'Healthy' || health?.status === 'Suspended';

const isBegun = ({ row: { operation, desired } }: Look): boolean => operation?.generation === desired?.generation;
