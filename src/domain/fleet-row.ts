import type { FleetFile } from './fleet/fleet-file.ts';
import type { AppProject } from './fleet/project.ts';
import type { Row } from './row.ts';

/** The one fleet of a stack: its file, and what was last compiled. */
export interface FleetRow extends Row {
  file: FleetFile;
  /** Git's digest of the file, where it was read from Git. */
  fileDigest?: string;
  /** Digest of the live snapshot, which is also its blob's key; absent before the first compile. */
  snapshot?: string;
  /** Digest of the fleet file and of every document that the snapshot was compiled from. */
  inputs?: string;
  /** The commit that the snapshot was compiled from. */
  commit?: string;
  /** Kept here too, so that a sync checks the newest rules without reading the snapshot. */
  projects: AppProject[];
}

export const FLEET_ID = 'fleet';

/** Every environment of the fleet: the distinct values of the environment label over its clusters, sorted. */
export const environmentsOf = (file: FleetFile): string[] =>
  [...new Set(file.clusters.flatMap(({ labels }) => labels[file.environments.clusterLabel] ?? []))].sort();

/** Where the blob cache has the snapshot of this digest. */
export const snapshotKey = (digest: string): string => `snapshots/${digest}.json`;
