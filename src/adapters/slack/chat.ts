import * as v from 'valibot';
import { permanent, transient } from '../../domain/errors.ts';
import type { Chat, ChatMessage } from '../../ports/chat.ts';
import { slackError } from './slack-errors.ts';

export interface SlackChatDeps {
  /** Ends in `/api/`; default: https://slack.com/api/. */
  apiURL?: string;
  /** A bot token with the scope chat:write. */
  token: () => Promise<string>;
  fetch?: typeof fetch;
}

const TIMEOUT_MS = 10_000;

const PostedSchema = v.object({ ok: v.literal(true), channel: v.string(), ts: v.string() });
const SaidSchema = v.object({ ok: v.literal(true), message_ts: v.string() });
const FailedSchema = v.object({ ok: v.literal(false), error: v.string() });

/**
 * Slack through its Web API: chat.postMessage, chat.update and chat.postEphemeral. Links are not unfurled. Errors: as the port says; nothing
 * is retried here, as the queue does that.
 */
export const createSlackChat = (deps: SlackChatDeps): Chat => ({
  post: (channel, message, thread) =>
    call(deps, 'chat.postMessage', { channel, ...(thread ? { thread_ts: thread } : {}), ...bodyOf(message) }),
  update: async (channel, ts, message) => {
    await call(deps, 'chat.update', { channel, ts, ...bodyOf(message) });
  },
  whisper: async (channel, user, text) => {
    await ask(deps, 'chat.postEphemeral', { channel, user, text }, SaidSchema);
  },
});

const bodyOf = ({ text, blocks }: ChatMessage): Record<string, unknown> => ({
  text,
  ...(blocks ? { blocks } : {}),
  unfurl_links: false,
  unfurl_media: false,
});

const call = async (
  deps: SlackChatDeps,
  method: string,
  body: Record<string, unknown>,
): Promise<{ channel: string; ts: string }> => {
  const { channel, ts } = await ask(deps, method, body, PostedSchema);
  return { channel, ts };
};

const ask = async <Answer>(
  deps: SlackChatDeps,
  method: string,
  body: Record<string, unknown>,
  schema: v.GenericSchema<unknown, Answer>,
): Promise<Answer> => {
  const answer = await send(deps, method, body);
  if (answer.status === 429) throw slackError('ratelimited', method, answer.headers);
  const json: unknown = await answer.json().catch(() => undefined);
  const failed = v.safeParse(FailedSchema, json);
  if (failed.success) throw slackError(failed.output.error, method, answer.headers);
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) {
    const message = `Slack answered ${answer.status} for ${method}, which is not its API's answer: check slack.apiURL`;
    const details = { status: answer.status };
    const mayPass = answer.status >= 500 || answer.ok;
    throw mayPass
      ? transient('chat-unreachable', message, { details })
      : permanent('chat-refused', message, { details });
  }
  return parsed.output;
};

const send = async (
  { apiURL = 'https://slack.com/api/', token, fetch: given }: SlackChatDeps,
  method: string,
  body: unknown,
) => {
  const authorization = `Bearer ${(await token()).trim()}`;
  try {
    return await (given ?? fetch)(new URL(method, apiURL.endsWith('/') ? apiURL : `${apiURL}/`), {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json; charset=utf-8', 'user-agent': 'towline' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.name : 'unknown';
    throw transient('chat-unreachable', `Slack did not answer to ${method}`, { details: { reason } });
  }
};
