import { updateRow } from '../app/update-row.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import { FLEET_ID, type FleetRow } from '../domain/fleet-row.ts';
import type { Store } from '../ports/store.ts';

/** Writes the fleet file's content into the fleet's row; a changed file makes the fleet be compiled again. */
export const registerFleet = async ({ fleets }: { fleets: Store<FleetRow> }, file: FleetFile): Promise<void> => {
  await updateRow(fleets, FLEET_ID, (known): FleetRow | undefined => {
    if (known && JSON.stringify(known.file) === JSON.stringify(file)) return undefined;
    const { snapshot: _outdated, ...rest } = known ?? { id: FLEET_ID, version: 0, projects: [] };
    return { ...rest, file };
  });
};
