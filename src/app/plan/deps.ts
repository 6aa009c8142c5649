import type { ApplicationRow } from '../../domain/application-row.ts';
import type { DeliveryRow } from '../../domain/delivery.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import type { RefRow } from '../../domain/ref-row.ts';
import type { RegistrationRow } from '../../domain/registry/registration-row.ts';
import type { RenderRow } from '../../domain/render-row.ts';
import type { Rollout } from '../../domain/rollout.ts';
import type { ApplicationIndex, RowIndex } from '../../ports/application-index.ts';
import type { BlobCache } from '../../ports/blob-cache.ts';
import type { Clock, NewId } from '../../ports/clock.ts';
import type { Events } from '../../ports/events.ts';
import type { Log } from '../../ports/log.ts';
import type { Outcomes } from '../../ports/outcomes.ts';
import type { Queues } from '../../ports/queues.ts';
import type { OpenRepository } from '../../ports/repository.ts';
import type { SetExpander } from '../../ports/set-expander.ts';
import type { Store } from '../../ports/store.ts';
import type { ChartTrees } from '../chart-trees.ts';
import type { AnswerDeps } from '../generators/stored-answers.ts';
import type { Snapshots } from '../load-fleet.ts';
import type { ClusterFactsDeps } from './cluster-facts.ts';
import type { PlanIndexes } from './plan-index-store.ts';

/** What planning needs of the world. */
export interface PlanDeps {
  fleets: Store<FleetRow>;
  deliveries: Store<DeliveryRow>;
  refs: Store<RefRow>;
  applications: Store<ApplicationRow>;
  applicationIndex: ApplicationIndex;
  renders: Store<RenderRow>;
  /** What applications delivered to the control plane. */
  registrations: Store<RegistrationRow>;
  registrationIndex: RowIndex;
  rollouts: Store<Rollout>;
  outcomes: Outcomes;
  blobs: BlobCache;
  snapshots: Snapshots;
  indexes: PlanIndexes;
  queues: Queues;
  openRepository: OpenRepository;
  /** Absent: charts of Helm repositories and OCI registries are refused. */
  charts?: ChartTrees;
  expander: SetExpander;
  /** What generators ask beside Git; absent: forges and plugins are not asked. */
  providers?: AnswerDeps;
  /** What is known of clusters; absent: charts see Helm's own idea of one. */
  clusterFacts?: ClusterFactsDeps;
  /** Versions of helm and kubectl, part of every render key. */
  toolVersions: Readonly<Record<string, string>>;
  events: Events;
  clock: Clock;
  newId: NewId;
  log: Log;
}
