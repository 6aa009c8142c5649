import { type AnswerRow, answered, answerId, answerKey, unanswered } from '../../domain/answer-row.ts';
import { AppError } from '../../domain/errors.ts';
import { targetOf } from '../../domain/fleet/applicationset/forge-request.ts';
import type { InputError, ProviderNeed } from '../../domain/fleet/applicationset/generator-inputs.ts';
import type { FleetFile } from '../../domain/fleet/fleet-file.ts';
import { stableDigest } from '../../domain/stable-digest.ts';
import type { BlobCache } from '../../ports/blob-cache.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Store } from '../../ports/store.ts';
import { updateRow } from '../update-row.ts';
import { type AskProviderDeps, askProvider } from './ask-provider.ts';

export interface AnswerDeps extends AskProviderDeps {
  answers: Store<AnswerRow>;
  blobs: BlobCache;
  clock: Clock;
  log: Log;
}

/** What is known of a question: an answer stands until there is another one, however old it is. */
export interface KnownAnswer {
  row: AnswerRow;
  input: object[] | InputError;
}

/** A question as a generator's read has it, put as a need. */
export const needOf = ({ type, key }: Pick<ProviderNeed, 'type' | 'key'>): ProviderNeed => ({
  type,
  key,
  request: JSON.parse(key) as Record<string, unknown>,
});

/** The answer that a row stands for; undefined where there is none, or the cache has lost it. */
export const loadAnswer = async (
  { blobs }: Pick<AnswerDeps, 'blobs'>,
  row: AnswerRow | undefined,
): Promise<KnownAnswer | undefined> => {
  if (!row) return undefined;
  if (row.failure?.notFound) return { row, input: { error: row.failure.message, notFound: true } };
  const bytes = row.answer === undefined ? undefined : await blobs.get(answerKey(row.answer));
  if (!bytes) return row.failure ? { row, input: { error: row.failure.message } } : undefined;
  return { row, input: JSON.parse(Buffer.from(bytes).toString('utf8')) as object[] };
};

/**
 * Asks, and keeps what was answered; where nobody answers, the last good answer stays. Nothing is kept where the fleet file
 * lets nobody be asked. Errors: those of the store and the cache.
 */
export const askAndKeep = async (
  deps: AnswerDeps,
  need: ProviderNeed,
  file: FleetFile,
): Promise<KnownAnswer | { input: InputError }> => {
  const target = targetOf(need, file);
  if ('refusal' in target) return { input: { error: target.refusal } };
  const now = deps.clock();
  try {
    const found = await askProvider(deps, need, target);
    const answer = stableDigest(found);
    await deps.blobs.put(answerKey(answer), Buffer.from(JSON.stringify(found)));
    const row = await updateRow(deps.answers, answerId(need), (known) => answered(known, need, { answer, now }));
    return row ? { row, input: found } : { input: { error: 'the answer was not kept' } };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message } = error;
    const failure = { message, notFound: code === 'repository-not-found', now };
    const row = await updateRow(deps.answers, answerId(need), (known) => unanswered(known, need, failure));
    deps.log.warn('a generator was not answered, the last answer stays', { type: need.type, code, reason: message });
    return (await loadAnswer(deps, row)) ?? { input: { error: message } };
  }
};
