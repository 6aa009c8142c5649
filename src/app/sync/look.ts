import type { ApplicationRow } from '../../domain/application-row.ts';
import type { ClusterConfig } from '../../domain/fleet/fleet-file.ts';
import type { AppProject } from '../../domain/fleet/project.ts';
import type { ArgoSettings } from '../../domain/settings/argo-settings.ts';

/** One look at an application: what every decision about it hangs on. */
export interface Look {
  row: ApplicationRow;
  /** Who holds the row's lease. */
  owner: string;
  cluster: ClusterConfig;
  project: AppProject | undefined;
  settings: ArgoSettings;
  /** Objects that another application tracks are taken. */
  adopt: boolean;
  /** Nothing is written to the cluster. */
  observe: boolean;
  /** Digest of the desired generation's manifests, where they were read. */
  manifests?: string;
}

/** What a look at an application came to: fields for its row, and when to look again. */
export interface Advance {
  change: Partial<ApplicationRow>;
  /** Fields to take away. */
  clear?: readonly (keyof ApplicationRow)[];
  /** The application is gone for good: its row with it. */
  forget?: boolean;
  /** Seconds until the next look, by a delayed message. */
  waitSeconds?: number;
  /** Somebody else will send the next message; after so many seconds `schedule` does it for them. */
  dueSeconds?: number;
}
