import type { Cause } from './change.ts';
import type { PullRequestChange } from './webhook/pull-request.ts';

/**
 * A delivery is received, then planned; failed, where it could not be planned or what was planned has failed. Only a failed
 * one does its work again when it is redelivered.
 */
export type DeliveryState = 'received' | 'planned' | 'failed';

/**
 * One webhook delivery as it is stored: the proof that it was accepted, and what is repeated when its message is lost.
 * The id is `<hook id or repository> <delivery id>` (reference: reliability-security.md §2).
 */
export interface DeliveryRow {
  id: string;
  version: number;
  /** When `schedule` sends the change again (ms since the epoch); absent once the change is planned or has failed. */
  due?: number;
  state: DeliveryState;
  /** It was delivered again: what has failed since is tried again. */
  again?: true;
  /** Registered URL. */
  repository: string;
  /** Full ref name. */
  ref: string;
  /** What the event said the ref points at; absent for a deleted ref. */
  commit?: string;
  /** What the event said the ref pointed at before; absent for a created ref. */
  before?: string;
  cause: Cause;
  /** The pull request that it is about: then `ref` and `commit` are its head's, and a preview is what follows. */
  pullRequest?: PullRequestChange;
  /** Milliseconds since the epoch. */
  receivedAt: number;
  /** Seconds since the epoch, as DynamoDB's time to live wants it. */
  expiresAt: number;
}

/** How long after the write `schedule` sends the change again: 60 s in ms. */
export const RESEND_AFTER_MS = 60_000;

/** Longer than any forge keeps deliveries for redelivery: 30 days in seconds. */
export const DELIVERY_TTL_SECONDS = 30 * 24 * 60 * 60;

/** The row after its change was planned: at rest, so it is no longer due. */
export const deliveryPlanned = ({ due: _due, ...row }: DeliveryRow): DeliveryRow => ({ ...row, state: 'planned' });

/** The row after its work failed for good: at rest, and a redelivery starts it again. */
export const deliveryFailed = ({ due: _due, ...row }: DeliveryRow): DeliveryRow => ({ ...row, state: 'failed' });

/** The row after the rollout that its work came to has ended; undefined where it says so already. */
export const deliveryEnded = (row: DeliveryRow, failed: boolean): DeliveryRow | undefined => {
  if (failed) return row.state === 'failed' ? undefined : deliveryFailed(row);
  return row.state === 'failed' ? deliveryPlanned(row) : undefined;
};

/** The row of a failed delivery that was delivered again, as of `now` (ms). */
export const deliveryRestarted = (row: DeliveryRow, now: number): DeliveryRow => ({
  ...row,
  state: 'received',
  again: true,
  receivedAt: now,
  due: now + RESEND_AFTER_MS,
  expiresAt: Math.floor(now / 1000) + DELIVERY_TTL_SECONDS,
});
