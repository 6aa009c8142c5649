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
}
