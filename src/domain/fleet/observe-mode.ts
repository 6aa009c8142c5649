import type { Application } from './application.ts';
import type { ClusterConfig, FleetFile } from './fleet-file.ts';

/** Says so for one Application, since its spec is Argo CD's. */
export const MODE_ANNOTATION = 'towline.dev/mode';

/** Whether an application is only looked at: rendered, compared and reported, never written. The fleet, its cluster or it may say so. */
export const isObserved = (
  fleet: Pick<FleetFile, 'mode'>,
  cluster: Pick<ClusterConfig, 'mode'> | undefined,
  application: Pick<Application, 'annotations'>,
): boolean =>
  fleet.mode === 'observe' || cluster?.mode === 'observe' || application.annotations[MODE_ANNOTATION] === 'observe';
