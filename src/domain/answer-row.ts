import type { ProviderNeed, ProviderRead, ProviderType } from './fleet/applicationset/generator-inputs.ts';
import type { Row } from './row.ts';
import { stableDigest } from './stable-digest.ts';

/** What a forge or a plugin last answered to a generator. Times in ms since the epoch. */
export interface AnswerRow extends Row {
  type: ProviderType;
  key: string;
  askedAt: number;
  /** Digest of the last good answer, and its name in the blob cache. */
  answer?: string;
  /** The answer that the fleet was asked to be planned with; by `standOf`; where that is another now, it has to be asked for again. */
  told?: string;
  /** The last time that it could not be asked; absent where it could. */
  failure?: AnswerFailure;
}

export interface AnswerFailure {
  message: string;
  /** The repository is not there, or may not be seen. */
  notFound: boolean;
  since: number;
  count: number;
}

/** Argo CD asks every half hour unless the generator says otherwise. */
const REQUEUE_SECONDS = 1_800;
const RETRY_MS = 60_000;
const RETRY_AT_MOST_MS = 30 * 60_000;

/** Id of the row of one question. */
export const answerId = ({ type, key }: Pick<ProviderNeed, 'type' | 'key'>): string => `${type} ${stableDigest(key)}`;

/** Where the blob cache has an answer. */
export const answerKey = (digest: string): string => `answers/${digest}.json`;

/** Whether it is time to ask again: at the generator's interval, and after failures less and less often. */
export const isAnswerDue = (
  row: AnswerRow | undefined,
  { requeueAfterSeconds }: ProviderRead,
  now: number,
): boolean => {
  if (!row) return true;
  return (
    now >= row.askedAt + (row.failure ? retryAfter(row.failure) : (requeueAfterSeconds ?? REQUEUE_SECONDS) * 1_000)
  );
};

const retryAfter = ({ count }: AnswerFailure): number => Math.min(RETRY_AT_MOST_MS, RETRY_MS * 2 ** (count - 1));

const KEPT_SECONDS = 30 * 86_400;

/** When a row that nobody asks about any more goes, in seconds since the epoch. */
export const answerExpiresAt = ({ askedAt }: AnswerRow): number => Math.floor(askedAt / 1_000) + KEPT_SECONDS;

const newRow = (need: Pick<ProviderNeed, 'type' | 'key'>): AnswerRow => ({
  id: answerId(need),
  version: 0,
  type: need.type,
  key: need.key,
  askedAt: 0,
});

/** The row after a good answer. */
export const answered = (
  row: AnswerRow | undefined,
  need: Pick<ProviderNeed, 'type' | 'key'>,
  { answer, now }: { answer: string; now: number },
): AnswerRow => {
  const { failure: _passed, ...rest } = row ?? newRow(need);
  return { ...rest, askedAt: now, answer };
};

/** The row after a failure: the last good answer stays. */
export const unanswered = (
  row: AnswerRow | undefined,
  need: Pick<ProviderNeed, 'type' | 'key'>,
  { message, notFound, now }: { message: string; notFound: boolean; now: number },
): AnswerRow => {
  const known = row ?? newRow(need);
  const { since = now, count = 0 } = known.failure ?? {};
  return { ...known, askedAt: now, failure: { message, notFound, since, count: count + 1 } };
};

/** What a generator would see now, as one text: what differs from `told` has to be planned. */
export const standOf = ({ answer = '', failure }: AnswerRow): string => (failure?.notFound ? 'not-found' : answer);
