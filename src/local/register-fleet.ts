import { updateRow } from '../app/update-row.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import { FLEET_ID, type FleetRow } from '../domain/fleet-row.ts';
import type { Store } from '../ports/store.ts';

/**
 * Writes the fleet file's content into the fleet's row; a changed file makes the fleet be compiled again. Whoever compiled
 * it when the process before ended does so no more.
 */
export const registerFleet = async ({ fleets }: { fleets: Store<FleetRow> }, file: FleetFile): Promise<void> => {
  await updateRow(fleets, FLEET_ID, (known): FleetRow | undefined => {
    const isSame = known && JSON.stringify(known.file) === JSON.stringify(file);
    if (isSame && !known.compiling) return undefined;
    const { snapshot, compiling: _void, ...rest } = known ?? { id: FLEET_ID, version: 0, projects: [] };
    return { ...rest, ...(isSame && snapshot ? { snapshot } : {}), file };
  });
};
