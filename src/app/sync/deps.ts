import type { ApplicationRow } from '../../domain/application-row.ts';
import { COMPARE_SECONDS } from '../../domain/comparison.ts';
import type { DeleteJqPaths } from '../../domain/diff/ignore-rules.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import type { HealthOverrides, RunHealthScript } from '../../domain/health/health.ts';
import type { RegistrationRow } from '../../domain/registry/registration-row.ts';
import type { RenderRow } from '../../domain/render-row.ts';
import type { AlertRow } from '../../domain/report/alerts.ts';
import type { BlobCache } from '../../ports/blob-cache.ts';
import type { Clock, NewId } from '../../ports/clock.ts';
import type { ConnectApplication } from '../../ports/cluster.ts';
import type { Events } from '../../ports/events.ts';
import type { Log } from '../../ports/log.ts';
import type { Outcomes } from '../../ports/outcomes.ts';
import type { Queues } from '../../ports/queues.ts';
import type { Store } from '../../ports/store.ts';

/** What syncing needs of the world. */
export interface SyncDeps {
  fleets: Pick<Store<FleetRow>, 'get'>;
  applications: Store<ApplicationRow>;
  registrations: Pick<Store<RegistrationRow>, 'get' | 'remove'>;
  renders: Pick<Store<RenderRow>, 'getMany'>;
  outcomes: Outcomes;
  alerts: Store<AlertRow>;
  blobs: Pick<BlobCache, 'get'>;
  queues: Queues;
  connect: ConnectApplication;
  /** Waits that many milliseconds inside the worker: for short waits only. */
  pause: (milliseconds: number) => Promise<void>;
  /** Runs users' health scripts. */
  runHealthScript: RunHealthScript;
  /** Those of the fleet's settings; known once a look has read the fleet. */
  healthOverrides?: HealthOverrides;
  deleteJqPaths: DeleteJqPaths;
  /** What a cluster serves may have changed: something that defines types was applied. */
  typesApplied?: (cluster: string) => Promise<void>;
  /** Seconds between two comparisons of an application at rest; 0: only when asked for. */
  compareSeconds?: number;
  events: Events;
  clock: Clock;
  newId: NewId;
  log: Log;
}

/** Seconds between two comparisons of an application at rest. */
export const compareSecondsOf = ({ compareSeconds = COMPARE_SECONDS }: Pick<SyncDeps, 'compareSeconds'>): number =>
  compareSeconds;
