import type { Cause } from './change.ts';
import type { Subscriptions } from './fleet/subscriptions.ts';
import type { Lease } from './lease.ts';
import type { Origin } from './origin.ts';
import type { Row } from './row.ts';
import type { SourceRevision } from './source-revision.ts';

/** How far one application is within one rollout. `waiting`: for a person (manual sync, closed window, approval). */
export type OutcomePhase = 'planned' | 'rendered' | 'applied' | 'healthy' | 'failed' | 'superseded' | 'waiting';

/** What became of one application in one rollout. */
export interface Outcome {
  rollout: string;
  application: string;
  environment: string;
  cluster: string;
  phase: OutcomePhase;
  /** One sentence for people: the cause of a failure, or what is waited for. */
  message?: string;
  /** With phase `failed`: nothing was rendered, or what was applied is not healthy; absent: the sync failed. */
  stage?: 'render' | 'health';
  /** Milliseconds since the epoch at which each stage was reached. */
  times: Partial<Record<OutcomePhase, number>>;
  /** Grows with every write of the application's row: an older outcome never replaces a newer one. */
  sequence: number;
}

/** One application that a rollout planned, and why. */
export interface PlannedApplication {
  application: string;
  environment: string;
  cluster: string;
  reason: string;
  project?: string;
  /** Its first plan. */
  created?: true;
  /** What its annotations ask for. */
  notify?: Subscriptions;
}

/** An application that is gone from Git, of which somebody wants to hear. */
export interface RemovedFromGit {
  application: string;
  project: string;
  notify?: Subscriptions;
}

/** A chat message, by which it is edited. */
export interface SentMessage {
  channel: string;
  ts: string;
  digest: string;
  at: number;
  edits?: number;
}

/** What one chat channel was told of a rollout. */
export interface ToldChannel {
  message?: SentMessage;
  /** Replies in its thread, by what failed. */
  replies?: Record<string, SentMessage>;
  /** Why it could not be told all, and when it is tried again. */
  failed?: FailedDelivery;
}

/** GitHub's words. `queued`: some applications wait for a person; `inactive`: a newer commit took over. */
export type DeploymentState = 'in_progress' | 'queued' | 'success' | 'failure' | 'inactive';

/** What the forge was told of one environment's deployment. */
export interface SentDeployment {
  /** The forge's; absent: it was never opened. */
  id?: number;
  state?: DeploymentState;
  /** The attempt that the state is of. */
  attempt: number;
  /** The code of the error with which the forge refused it for good. */
  refused?: string;
}

export interface SentStatus {
  state: string;
  description: string;
  /** Some applications waited for a person then. */
  waiting?: true;
  /** The code of the error with which the forge refused it for good. */
  refused?: string;
}

/** A forge or chat that could not be told: how often in a row, and when it is tried again (ms). */
export interface FailedDelivery {
  failures: number;
  retryAt: number;
  /** The error's code. */
  code: string;
  /** One of them may have been written all the same: the answer was lost. */
  unsure?: true;
}

/** All that one change sets in motion; the unit of commit status and of the Slack message. */
export interface Rollout extends Row {
  repository: string;
  ref: string;
  commit: string;
  subject?: string;
  cause: Cause;
  generation: number;
  createdAt: number;
  origin?: Origin;
  plannedAt?: number;
  finishedAt?: number;
  state: 'planning' | 'running' | 'success' | 'failure' | 'superseded';
  /** The newer rollout that took over. */
  supersededBy?: string;
  /** The newer rollout is of the same commit: the commit's statuses are its own from then on. */
  ceded?: boolean;
  applications: PlannedApplication[];
  /** Gone from Git with this change. */
  removed?: RemovedFromGit[];
  /** Commits that its applications are taken from besides this one, and how many more than those there are. */
  sources?: SourceRevision[];
  moreSources?: number;
  /** Every environment of the fleet at that time: each gets a status, also where nothing changed. */
  environments: string[];
  /** Documents that could not be compiled or warned about: file, line, reason. Errors fail the rollout. */
  problems: { severity: 'error' | 'warning'; text: string; environment?: string }[];
  /** What was last told, by status context. */
  sent: Record<string, SentStatus>;
  /** The message in the fleet's channel, as rows had it before there were several. */
  slack?: SentMessage;
  /** By channel, as the fleet file or an annotation names it. */
  chats?: Record<string, ToldChannel>;
  /** Whom it could not be told, and when it is tried again. */
  undelivered?: { forge?: FailedDelivery | undefined; deployments?: FailedDelivery | undefined };
  /** By environment, where the fleet file asks for deployments. */
  deployments?: Record<string, SentDeployment>;
  lastReportAt?: number;
  /** One reporter at a time, so that an older fold is never told after a newer one. */
  lease?: Lease;
  /** When its outcomes were last folded, and until when a reporter has asked to have them folded again (ms). */
  foldedAt?: number;
  foldAgainAt?: number;
  /** Restarts asked for by a person; part of the identity of a status. */
  attempt: number;
}

/** True for the rollout of a rollback: no plan made it, and its commit is not what it applies. */
export const isRollback = ({ generation }: Pick<Rollout, 'generation'>): boolean => generation === 0;

/** Where nothing more will come without a new change. */
const TERMINAL: readonly OutcomePhase[] = ['healthy', 'failed', 'superseded', 'waiting'];

/** True for a phase that is an end. */
export const isTerminal = (phase: OutcomePhase): boolean => TERMINAL.includes(phase);

/**
 * Of each application the outcome that counts, whatever the order they come in: the newest, but that `superseded` never takes
 * the place of another end (that an application is another rollout's by now does not undo what became of it).
 */
export const newestOutcomes = (outcomes: readonly Outcome[]): Outcome[] => {
  const counting = new Map<string, Outcome>();
  for (const outcome of outcomes.toSorted((a, b) => a.sequence - b.sequence)) {
    const known = counting.get(outcome.application);
    if (outcome.phase !== 'superseded' || !known || !isTerminal(known.phase))
      counting.set(outcome.application, outcome);
  }
  return [...counting.values()];
};

/** How long a rollout may progress before what still progresses counts as failed (ms). */
export const PROGRESS_DEADLINE_MS = 10 * 60_000;
