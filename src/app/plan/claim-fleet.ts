import { transient } from '../../domain/errors.ts';
import type { FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import { claimCompile, FLEET_ID, type FleetRow, finishCompile } from '../../domain/fleet-row.ts';
import { stableDigest } from '../../domain/stable-digest.ts';
import { updateKnownRow, updateRow } from '../update-row.ts';
import type { PlanDeps } from './deps.ts';

type FleetDeps = Pick<PlanDeps, 'fleets' | 'snapshots' | 'clock'>;

// No time is named: the queue's own back-off lasts longer than a large fleet's compile, a fixed short one would not.
const busy = () => transient('fleet-compiling', 'another plan compiles the fleet at this moment');

/** Takes the fleet's compile for `owner`, and answers with the row. Errors: AppError `fleet-compiling` (transient). */
export const claimFleet = async ({ fleets, clock }: FleetDeps, owner: string): Promise<FleetRow> => {
  const claimed = await updateRow(fleets, FLEET_ID, (known) => known && claimCompile(known, owner, clock()));
  if (!claimed) throw busy();
  return claimed;
};

/**
 * Makes what a sync checks (project rules, settings) that of a snapshot that is still to become the live one. Errors:
 * AppError `fleet-compiling` (transient) where another plan took over meanwhile.
 */
export const publishRules = async (
  { fleets }: FleetDeps,
  claimed: FleetRow,
  { projects, argoSettings }: FleetSnapshot,
): Promise<void> => {
  const rules = { projects, ...(argoSettings ? { argoSettings } : {}) };
  if (stableDigest(rules) === stableDigest({ projects: claimed.projects, argoSettings: claimed.argoSettings })) return;
  const saved = await updateKnownRow(fleets, claimed, (known) => {
    if (!known || known.compiling?.owner !== claimed.compiling?.owner) return undefined;
    const { argoSettings: _before, ...rest } = known;
    return { ...rest, ...rules };
  });
  if (!saved) throw busy();
};

/**
 * Stores a snapshot and makes it the live one. Errors: AppError `fleet-compiling` (transient) where another plan took over
 * meanwhile: this one is repeated, against what that one made.
 */
export const makeLive = async (
  { fleets, snapshots }: FleetDeps,
  claimed: FleetRow,
  snapshot: FleetSnapshot,
  from: Required<Pick<FleetRow, 'commit' | 'directory' | 'inputs' | 'source' | 'registered'>>,
): Promise<void> => {
  await snapshots.store(snapshot);
  const { digest, projects, argoSettings } = snapshot;
  const compiled = { ...from, snapshot: digest, projects, ...(argoSettings ? { argoSettings } : {}) };
  const saved = await updateKnownRow(fleets, claimed, (known) => finishCompile(known, claimed, compiled, snapshot));
  if (!saved) throw busy();
};

/** Lets others compile. */
export const releaseFleet = async ({ fleets }: FleetDeps, claimed: FleetRow): Promise<void> => {
  await updateKnownRow(fleets, claimed, (known) => {
    if (!known || known.compiling?.owner !== claimed.compiling?.owner) return undefined;
    const { compiling: _done, ...free } = known;
    return free;
  });
};
