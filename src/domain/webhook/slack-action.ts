import * as v from 'valibot';

/** What a person asked for with a button under a rollout's message. */
export interface SlackAction {
  action: 'retry' | 'rollback';
  rollout: string;
  /** Of the rollout when the button was shown: one that is out of date asks for nothing. */
  attempt: number;
  /** Slack's ids of who pressed it, and of where. */
  user: string;
  channel: string;
}

export type SlackRequest =
  | { type: 'action'; action: SlackAction }
  | { type: 'ignored' }
  | { type: 'malformed'; reason: string };

const PREFIX = 'towline_';
const id = v.pipe(v.string(), v.regex(/^[A-Z0-9]{1,40}$/));
const Payload = v.object({
  type: v.string(),
  user: v.object({ id }),
  channel: v.optional(v.object({ id })),
  actions: v.optional(
    v.pipe(v.array(v.object({ action_id: v.string(), value: v.optional(v.string(), '') })), v.maxLength(25)),
    [],
  ),
});

/** A button's identity and what it carries. */
export const slackButton = (action: SlackAction['action'], rollout: string, attempt: number) => ({
  action_id: `${PREFIX}${action}`,
  value: `${rollout}:${attempt}`,
});

/**
 * What an interaction request (form field `payload`) asks for; a link's button and other apps' actions ask for nothing.
 * Source: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
 */
export const readSlackRequest = (body: Uint8Array): SlackRequest => {
  const text = new URLSearchParams(Buffer.from(body).toString('utf8')).get('payload');
  const parsed = v.safeParse(Payload, parseJson(text ?? ''));
  if (!parsed.success) return { type: 'malformed', reason: 'the form field payload is no interaction of Slack' };
  const { type, user, channel, actions } = parsed.output;
  const [pressed] = actions;
  const action = pressed?.action_id.slice(PREFIX.length);
  const value = /^([0-9a-z-]{1,64}):(\d{1,6})$/.exec(pressed?.value ?? '');
  const isOurs = pressed?.action_id.startsWith(PREFIX) && (action === 'retry' || action === 'rollback');
  if (type !== 'block_actions' || !isOurs || !channel || !value) return { type: 'ignored' };
  const [, rollout = '', attempt] = value;
  return { type: 'action', action: { action, rollout, attempt: Number(attempt), user: user.id, channel: channel.id } };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
