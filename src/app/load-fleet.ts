import { transient } from '../domain/errors.ts';
import type { FleetSnapshot } from '../domain/fleet/snapshot.ts';
import { FLEET_ID, type FleetRow, snapshotKey } from '../domain/fleet-row.ts';
import type { BlobCache } from '../ports/blob-cache.ts';
import type { Store } from '../ports/store.ts';

/**
 * The stack's fleet. Errors: AppError `fleet-missing` (transient): `schedule` has not read the fleet file yet.
 */
export const loadFleet = async (deps: { fleets: Pick<Store<FleetRow>, 'get'> }): Promise<FleetRow> => {
  const row = await deps.fleets.get(FLEET_ID);
  if (!row) throw transient('fleet-missing', 'no fleet file has been read yet');
  return row;
};

/** Compiled snapshots: immutable, named by their digest. */
export interface Snapshots {
  /** Undefined where the cache has lost it: it is compiled again then. */
  load(digest: string | undefined): Promise<FleetSnapshot | undefined>;
  store(snapshot: FleetSnapshot): Promise<void>;
}

/** Snapshots in the blob cache; the last one stays parsed for the next plan of this process. */
export const createSnapshots = (blobs: BlobCache): Snapshots => {
  let last: FleetSnapshot | undefined;
  return {
    load: async (digest) => {
      if (digest === undefined || last?.digest === digest) return digest === undefined ? undefined : last;
      const bytes = await blobs.get(snapshotKey(digest));
      if (bytes) last = JSON.parse(Buffer.from(bytes).toString()) as FleetSnapshot;
      return bytes ? last : undefined;
    },
    store: async (snapshot) => {
      await blobs.put(snapshotKey(snapshot.digest), Buffer.from(JSON.stringify(snapshot)));
      last = snapshot;
    },
  };
};
