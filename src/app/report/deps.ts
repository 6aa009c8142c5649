import type { CommitRow } from '../../domain/commit-row.ts';
import type { DeliveryRow } from '../../domain/delivery.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import type { RolloutSummary } from '../../domain/report/summary.ts';
import type { Outcome, Rollout } from '../../domain/rollout.ts';
import type { Chat } from '../../ports/chat.ts';
import type { Clock, NewId } from '../../ports/clock.ts';
import type { CommitStatuses } from '../../ports/commit-statuses.ts';
import type { Deployments } from '../../ports/deployments.ts';
import type { Events } from '../../ports/events.ts';
import type { Log } from '../../ports/log.ts';
import type { Outcomes } from '../../ports/outcomes.ts';
import type { Queues } from '../../ports/queues.ts';
import type { Store } from '../../ports/store.ts';

/** What reporting needs of the world. */
export interface ReportDeps {
  fleets: Store<FleetRow>;
  rollouts: Store<Rollout>;
  deliveries: Store<DeliveryRow>;
  commits: Store<CommitRow>;
  outcomes: Outcomes;
  statuses: CommitStatuses;
  deployments: Deployments;
  /** The fleet's chat; undefined where it has none. */
  openChat: (fleet: FleetRow) => { chat: Chat; channel: string } | undefined;
  queues: Pick<Queues, 'reports'>;
  events: Events;
  rolloutURL: (rollout: string) => string;
  clock: Clock;
  newId: NewId;
  log: Log;
}

/** One report under way: the rollout as it is claimed, and what its outcomes fold to. */
export interface Telling {
  rollout: Rollout;
  fleet: FleetRow;
  /** Of which the summary was folded. */
  outcomes: readonly Outcome[];
  summary: RolloutSummary;
  ended: boolean;
  /** The reporter. */
  owner: string;
  /** The reporter before died at this. */
  isUnsure: boolean;
}

/** Part of the rollout's next row: what was told, or why it was not. */
export type Told = Partial<
  Pick<Rollout, 'sent' | 'chats' | 'lastReportAt' | 'undelivered' | 'ceded' | 'attempt' | 'deployments'>
>;
