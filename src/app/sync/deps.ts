import type { ApplicationRow } from '../../domain/application-row.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import type { HealthOverrides } from '../../domain/health/health.ts';
import type { RenderRow } from '../../domain/render-row.ts';
import type { BlobCache } from '../../ports/blob-cache.ts';
import type { Clock, NewId } from '../../ports/clock.ts';
import type { ConnectCluster } from '../../ports/cluster.ts';
import type { Events } from '../../ports/events.ts';
import type { Log } from '../../ports/log.ts';
import type { Outcomes } from '../../ports/outcomes.ts';
import type { Queues } from '../../ports/queues.ts';
import type { Store } from '../../ports/store.ts';

/** What syncing needs of the world. */
export interface SyncDeps {
  fleets: Pick<Store<FleetRow>, 'get'>;
  applications: Store<ApplicationRow>;
  renders: Pick<Store<RenderRow>, 'getMany'>;
  outcomes: Outcomes;
  blobs: Pick<BlobCache, 'get'>;
  queues: Queues;
  connect: ConnectCluster;
  /** Waits that many milliseconds inside the worker: for short waits only. */
  pause: (milliseconds: number) => Promise<void>;
  healthOverrides?: HealthOverrides;
  events: Events;
  clock: Clock;
  newId: NewId;
  log: Log;
}
