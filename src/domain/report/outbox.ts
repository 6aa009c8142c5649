import type { AppError } from '../errors.ts';
import type { FailedDelivery, Rollout, SentMessage, SentStatus } from '../rollout.ts';
import { type EnvironmentStatus, rolloutStatuses } from './environment-statuses.ts';
import type { RolloutState, RolloutSummary } from './summary.ts';

/** While a rollout runs, forges hear of it at most this often; its end is told at once. */
export const STATUS_INTERVAL_MS = 15_000;

/** How far each state is: within one attempt only a later one is told, so each at most once. */
const RANK: Readonly<Record<string, number>> = { pending: 0, running: 1, failure: 2, canceled: 2, success: 3 };

const isFinal = (state: RolloutState): boolean => (RANK[state] ?? 0) >= 2;

/**
 * The statuses that are to be written now, in order: every context starts as pending, is told once that it runs (where that
 * takes longer than 15 seconds), and how it ended; a failure may turn into one success later, nothing else turns.
 */
export const dueStatuses = (rollout: Rollout, summary: RolloutSummary, now: number): EnvironmentStatus[] => {
  const isQuiet = now - (rollout.lastReportAt ?? 0) >= STATUS_INTERVAL_MS;
  return rolloutStatuses(summary).flatMap((status) => {
    const sent = rollout.sent[status.context];
    if (isTakenUp(sent, status)) return [status];
    const opening = sent || rollout.supersededBy ? [] : [{ context: status.context, ...OPENING }];
    if (!isLater(status.state, sent)) return [];
    if (status.state === 'pending') return opening;
    if (isFinal(status.state)) return [...opening, status];
    return sent === undefined ? opening : isQuiet ? [status] : [];
  });
};

/** A person did what the ended rollout waited for: it ends anew, as another attempt. */
export const isTakenUp = (sent: SentStatus | undefined, status: EnvironmentStatus): boolean =>
  sent?.waiting === true && !status.waiting && isFinal(status.state);

const OPENING = { state: 'pending', description: 'planning' } as const;

const isLater = (state: RolloutState, sent: SentStatus | undefined): boolean =>
  sent === undefined || (RANK[state] ?? 0) > (RANK[sent.state] ?? 0);

const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 300_000;

/** The next try after a failure: when the other side said, but not sooner than 5 s, doubled per failure up to 5 minutes. */
export const afterFailure = (
  before: FailedDelivery | undefined,
  error: Pick<AppError, 'code'> & Partial<Pick<AppError, 'details' | 'retryAfterSeconds'>>,
  now: number,
): FailedDelivery => {
  const failures = (before?.failures ?? 0) + 1;
  const backoff = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
  const retryAt = now + Math.max(backoff, (error.retryAfterSeconds ?? 0) * 1_000);
  // Whoever does not answer may have done it; one that says that it is too much has not, nor one that was not asked.
  const isLost = error.code === 'forge-unreachable' && error.details?.['heldOff'] !== true;
  return { failures, retryAt, code: error.code, ...(isLost || before?.unsure ? { unsure: true } : {}) };
};

const FIRST_EDIT_MS = 3_000;
/** One more is kept for the end. */
const MAX_EDITS = 29;

/**
 * When the chat message may be edited next (ms): 3 seconds after the last edit, then further and further apart, so that a
 * rollout of any length makes few; `ended`: as soon as the edit before is 3 seconds ago.
 */
export const nextEditAt = (
  { createdAt, message }: { createdAt: number; message: SentMessage | undefined },
  { ended }: { ended: boolean },
): number => {
  if (!message) return 0;
  if (ended) return message.edits ? message.at + FIRST_EDIT_MS : 0;
  if ((message.edits ?? 0) >= MAX_EDITS) return Number.POSITIVE_INFINITY;
  return message.at + Math.max(FIRST_EDIT_MS, (message.at - createdAt) / 5);
};
