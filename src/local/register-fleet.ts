import { updateRow } from '../app/update-row.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import { FLEET_ID, type FleetRow, withFleetFile, writtenFile } from '../domain/fleet-row.ts';
import type { Store } from '../ports/store.ts';

/**
 * Writes the fleet file's content into the fleet's row; a changed file makes the fleet be compiled again. Whoever compiled
 * it when the process before ended does so no more.
 */
export const registerFleet = async ({ fleets }: { fleets: Store<FleetRow> }, file: FleetFile): Promise<void> => {
  await updateRow(fleets, FLEET_ID, (known): FleetRow | undefined => {
    const isSame = known && JSON.stringify(writtenFile(known)) === JSON.stringify(file);
    if (isSame && !known.compiling) return undefined;
    const { compiling: _void, ...next } = isSame ? known : withFleetFile(known, file);
    return next;
  });
};
