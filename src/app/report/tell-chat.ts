import { AppError } from '../../domain/errors.ts';
import { summarizeRollout } from '../../domain/fold-rollout.ts';
import { type ChatRoute, chatRoutes } from '../../domain/report/chat-routes.ts';
import { afterFailure, nextEditAt } from '../../domain/report/outbox.ts';
import { type Buttons, slackMessage } from '../../domain/report/slack-message.ts';
import type { RolloutSummary } from '../../domain/report/summary.ts';
import { isRollback, type Rollout, type SentMessage, type ToldChannel } from '../../domain/rollout.ts';
import { stableDigest } from '../../domain/stable-digest.ts';
import type { Chat, ChatMessage } from '../../ports/chat.ts';
import { updateRow } from '../update-row.ts';
import type { ReportDeps, Telling, Told } from './deps.ts';
import { dueReplies } from './due-replies.ts';

/** Slack takes about one message a second in a channel: more replies than this wait for the next fold. */
const REPLIES_AT_ONCE = 5;
const NEXT_REPLIES_MS = 5_000;

/**
 * Tells each channel its part of the rollout: one message, posted once and edited in place as often as `nextEditAt` lets it,
 * and a reply in its thread for every failure. A chat that cannot be told now is told later; a channel that refuses for
 * good is told no more. `later` (ms): when what is held back may be told. Errors: those of the stores.
 */
export const tellChat = async (deps: ReportDeps, telling: Telling): Promise<{ told: Told; later?: number }> => {
  const { rollout, fleet, outcomes, summary } = telling;
  const target = deps.openChat(fleet);
  if (!target) return { told: {} };
  const { projects, file } = fleet;
  const routes = chatRoutes({ rollout, outcomes, channel: target.channel, slack: file.slack, projects });
  const chats: Record<string, ToldChannel> = { ...rollout.chats };
  const waits: number[] = [];
  for (const { channel, part } of routes) {
    const before = chats[channel] ?? legacy(rollout, channel, target.channel);
    const ofPart = part === rollout ? summary : summarizeRollout(part, outcomes, summary.url);
    const told = await tellChannel(deps, telling, {
      chat: target.chat,
      route: { channel, part },
      summary: ofPart,
      before,
    });
    if (told.next !== before) chats[channel] = told.next;
    if (told.later !== undefined) waits.push(told.later);
  }
  const isNews = Object.keys(chats).some((channel) => chats[channel] !== rollout.chats?.[channel]);
  return { told: isNews ? { chats } : {}, ...(waits.length > 0 ? { later: Math.min(...waits) } : {}) };
};

/** A row that an older version wrote knows one message, that of the fleet's channel. */
const legacy = ({ slack }: Rollout, channel: string, own: string): ToldChannel =>
  slack && channel === own ? { message: slack } : {};

interface Channel {
  chat: Chat;
  route: ChatRoute;
  summary: RolloutSummary;
  before: ToldChannel;
}

type ChannelTold = { next: ToldChannel; later?: number | undefined };

const tellChannel = async (deps: ReportDeps, telling: Telling, channel: Channel): Promise<ChannelTold> => {
  const { route, summary, before } = channel;
  const isQuiet = route.part.applications.length + (route.part.removed?.length ?? 0) === 0;
  if ((isQuiet && summary.failures.length === 0) || (before.failed?.retryAt ?? 0) > deps.clock())
    return { next: before };
  let next = before;
  const note = (change: ToldChannel): void => {
    next = { ...next, ...change };
  };
  try {
    const later = await tellMessage(deps, telling, channel, note);
    const more = next.message ? await tellReplies(deps, telling, channel, { known: next, note }) : undefined;
    if (next.failed) {
      const { failed: _failed, ...rest } = next;
      next = rest;
    }
    return { next, later: later ?? more };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message: reason, kind } = error;
    deps.log.warn('chat not told', { rollout: telling.rollout.id, channel: route.channel, code, reason });
    const failed = afterFailure(before.failed, error, deps.clock());
    // What the chat refuses it would refuse again: it is asked with the next rollout.
    return {
      next: { ...next, failed: kind === 'transient' ? failed : { ...failed, retryAt: Number.MAX_SAFE_INTEGER } },
    };
  }
};

/** Only where Slack's answers can be proved; what is still under way, or another's, has nothing to retry or take back. */
const buttonsOf = ({ rollout, fleet, ended }: Telling, { state, failures }: RolloutSummary): Buttons | undefined => {
  if (!fleet.file.slack?.signingSecret) return undefined;
  const isOpen = ended && !rollout.supersededBy;
  const retry = isOpen && failures.some(({ application }) => application !== '');
  // A rollback is not taken back by another one, but by resuming.
  const rollback = isOpen && !isRollback(rollout) && (state === 'failure' || state === 'success');
  return { attempt: rollout.attempt, retry, rollback };
};

type Note = (change: ToldChannel) => void;

/** Posts or edits the channel's message; answers with when the end that is held back may be told (ms). */
const tellMessage = async (
  deps: ReportDeps,
  telling: Telling,
  { chat, route, summary, before }: Channel,
  note: Note,
): Promise<number | undefined> => {
  const message = slackMessage(summary, buttonsOf(telling, summary));
  const digest = stableDigest(message);
  const { rollout, ended } = telling;
  const known = before.message;
  if (known?.digest === digest) return undefined;
  const editAt = nextEditAt({ createdAt: rollout.createdAt, message: known }, { ended });
  if (editAt > deps.clock()) return ended ? editAt : undefined;
  const sent = await write(deps, { chat, channel: route.channel, message, known });
  note({ message: sent });
  // A message that is not remembered would be posted twice: this one does not wait for the report's end.
  if (!known) await remember(deps, rollout.id, route.channel, { ...before, message: sent });
  return undefined;
};

/** One reply for every failure, and what became of those that were told before; answers with when to go on (ms). */
const tellReplies = async (
  deps: ReportDeps,
  { rollout, fleet, outcomes }: Telling,
  { chat, route, summary }: Channel,
  { known, note }: { known: ToldChannel; note: Note },
): Promise<number | undefined> => {
  const { message } = known;
  if (!message) return undefined;
  const due = dueReplies({ part: route.part, outcomes, failures: summary.failures, slack: fleet.file.slack, known });
  let replies = known.replies ?? {};
  for (const { key, reply } of due.slice(0, REPLIES_AT_ONCE)) {
    const before = replies[key];
    const sent = await write(deps, {
      chat,
      channel: message.channel,
      message: reply,
      known: before,
      thread: message.ts,
    });
    replies = { ...replies, [key]: sent };
    note({ replies });
    if (!before) await remember(deps, rollout.id, route.channel, { ...known, replies });
  }
  return due.length > REPLIES_AT_ONCE ? deps.clock() + NEXT_REPLIES_MS : undefined;
};

interface Writing {
  chat: Chat;
  channel: string;
  message: ChatMessage;
  known: SentMessage | undefined;
  thread?: string;
}

const write = async (deps: ReportDeps, { chat, channel, message, known, thread }: Writing): Promise<SentMessage> => {
  if (known) await chat.update(known.channel, known.ts, message);
  const at = known ?? (await chat.post(channel, message, thread));
  const edits = known ? (known.edits ?? 0) + 1 : 0;
  return { channel: at.channel, ts: at.ts, digest: stableDigest(message), at: deps.clock(), edits };
};

const remember = async ({ rollouts }: ReportDeps, id: string, channel: string, told: ToldChannel): Promise<void> => {
  await updateRow(rollouts, id, (row) => row && { ...row, chats: { ...row.chats, [channel]: told } });
};
