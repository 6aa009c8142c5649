import { createHash } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';
import { afterFailure, nextEditAt } from '../../domain/report/outbox.ts';
import { slackMessage } from '../../domain/report/slack-message.ts';
import type { Rollout } from '../../domain/rollout.ts';
import type { Chat, ChatMessage } from '../../ports/chat.ts';
import { updateRow } from '../update-row.ts';
import type { ReportDeps, Telling, Told } from './deps.ts';

/**
 * Posts the rollout's message or edits it in place, as often as `nextEditAt` lets it. A chat that cannot be told now is told
 * later; one that refuses for good is told no more. `later` (ms): when the end that is held back may be told.
 * Errors: those of the stores.
 */
export const tellChat = async (deps: ReportDeps, telling: Telling): Promise<{ told: Told; later?: number }> => {
  const { rollout, fleet, summary, ended } = telling;
  const target = deps.openChat(fleet);
  const isQuiet = rollout.applications.length === 0 && summary.failures.length === 0;
  const failure = rollout.undelivered?.chat;
  if (!target || isQuiet || (failure && failure.retryAt > deps.clock())) return { told: {} };
  const message = slackMessage(summary);
  const digest = createHash('sha256').update(JSON.stringify(message)).digest('hex');
  // What failed to be told is what was told before, or was told all the same: nothing is left to try again.
  if (rollout.slack?.digest === digest) {
    return { told: failure ? { undelivered: { ...rollout.undelivered, chat: undefined } } : {} };
  }
  const editAt = nextEditAt(rollout, telling);
  if (editAt > deps.clock()) return { told: {}, ...(ended ? { later: editAt } : {}) };
  try {
    const slack = await send(deps, { rollout, target, message, digest });
    return { told: { slack, undelivered: { ...rollout.undelivered, chat: undefined } } };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message: reason, kind } = error;
    deps.log.warn('chat not told', { rollout: rollout.id, code, reason });
    const chat = afterFailure(failure, error, deps.clock());
    // What the chat refuses it would refuse again: it is asked with the next rollout.
    const given = kind === 'transient' ? chat : { ...chat, retryAt: Number.MAX_SAFE_INTEGER };
    return { told: { undelivered: { ...rollout.undelivered, chat: given } } };
  }
};

interface Sending {
  rollout: Rollout;
  target: { chat: Chat; channel: string };
  message: ChatMessage;
  digest: string;
}

const send = async (deps: ReportDeps, { rollout, target, message, digest }: Sending): Promise<Rollout['slack']> => {
  const known = rollout.slack;
  if (known) await target.chat.update(known.channel, known.ts, message);
  const { channel, ts } = known ?? (await target.chat.post(target.channel, message));
  const slack = { channel, ts, digest, at: deps.clock(), edits: known ? (known.edits ?? 0) + 1 : 0 };
  // A message that is not remembered would be posted twice: this one does not wait for the report's end.
  if (!known) await updateRow(deps.rollouts, rollout.id, (row) => row && { ...row, slack });
  return slack;
};
