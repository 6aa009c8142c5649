import { Hono } from 'hono';
import * as v from 'valibot';

export interface SlackRow {
  channel: string;
  ts: string;
  text: string;
  blocks: unknown[];
  /** A reply: the ts of the message that it belongs to. */
  thread?: string;
}

const TextSchema = v.object({ type: v.picklist(['mrkdwn', 'plain_text']), text: v.pipe(v.string(), v.minLength(1)) });
const plain = (limit: number) =>
  v.object({ type: v.literal('plain_text'), text: v.pipe(v.string(), v.minLength(1), v.maxLength(limit)) });
/** https://docs.slack.dev/reference/block-kit/block-elements/button-element, composition-objects/confirmation-dialog-object */
const ButtonSchema = v.object({
  type: v.literal('button'),
  text: plain(75),
  action_id: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
  url: v.optional(v.pipe(v.string(), v.url(), v.maxLength(3_000))),
  value: v.optional(v.pipe(v.string(), v.maxLength(2_000))),
  style: v.optional(v.picklist(['primary', 'danger'])),
  confirm: v.optional(
    v.object({
      title: plain(100),
      text: v.object({ ...TextSchema.entries, text: v.pipe(v.string(), v.minLength(1), v.maxLength(300)) }),
      confirm: plain(30),
      deny: plain(30),
    }),
  ),
});
const BlockSchema = v.variant('type', [
  v.object({
    type: v.literal('header'),
    text: v.object({ type: v.literal('plain_text'), text: v.pipe(v.string(), v.minLength(1), v.maxLength(150)) }),
  }),
  v.object({
    type: v.literal('section'),
    text: v.object({ ...TextSchema.entries, text: v.pipe(v.string(), v.minLength(1), v.maxLength(3_000)) }),
  }),
  v.object({ type: v.literal('context'), elements: v.pipe(v.array(TextSchema), v.minLength(1), v.maxLength(10)) }),
  v.object({ type: v.literal('divider') }),
  v.object({ type: v.literal('actions'), elements: v.pipe(v.array(ButtonSchema), v.minLength(1), v.maxLength(25)) }),
]);
const BodySchema = v.object({
  channel: v.optional(v.string()),
  ts: v.optional(v.string()),
  thread_ts: v.optional(v.string()),
  user: v.optional(v.string()),
  text: v.optional(v.string(), ''),
  blocks: v.optional(v.array(v.unknown()), []),
});

/** What Slack would say against blocks: their shape, their number, their total size (about 13 kB). */
export const slackBlocksError = (blocks: readonly unknown[]): string | undefined => {
  if (blocks.length > 50 || blocks.some((block) => !v.is(BlockSchema, block))) return 'invalid_blocks';
  return Buffer.byteLength(JSON.stringify(blocks)) > 13_000 ? 'msg_blocks_too_long' : undefined;
};

/** Slack's Web API for messages, checking what Slack checks; `fail` makes the next request fail as Slack does. */
export const createFakeSlack = (options: { token: string; channel: string; channels?: string[] }) => {
  const messages: SlackRow[] = [];
  const replies: SlackRow[] = [];
  /** Seen by one user alone, and not kept. */
  const ephemeral: { channel: string; user: string; text: string }[] = [];
  const failures: Response[] = [];
  const app = new Hono();
  const error = (code: string) => Response.json({ ok: false, error: code });

  app.use(async (c, next) => {
    const failure = failures.shift();
    if (failure) return failure;
    const authorization = c.req.header('authorization');
    if (!authorization) return error('not_authed');
    if (authorization !== `Bearer ${options.token}`) return error('invalid_auth');
    if (!c.req.header('content-type')?.startsWith('application/json')) return error('invalid_form_data');
    await next();
    return undefined;
  });

  app.post('/api/:method{chat\\.(postMessage|update)}', async (c) => {
    const body = v.safeParse(BodySchema, await c.req.json());
    if (!body.success) return error('invalid_arguments');
    const { channel = '', ts, thread_ts: thread, text, blocks } = body.output;
    if (![options.channel, ...(options.channels ?? [])].includes(channel)) return error('channel_not_found');
    if (text === '' && blocks.length === 0) return error('no_text');
    if (text.length > 40_000) return error('msg_too_long');
    const wrong = slackBlocksError(blocks);
    if (wrong) return error(wrong);
    const updated = c.req.param('method') === 'chat.update';
    const known = [...messages, ...replies].find((message) => message.ts === ts && message.channel === channel);
    const isInThread = messages.some((message) => message.ts === thread && message.channel === channel);
    if (thread !== undefined && !isInThread) return error('thread_not_found');
    if (updated && !known) return error('message_not_found');
    const count = messages.length + replies.length;
    const row = { channel, ts: known?.ts ?? `1700000000.${String(count).padStart(6, '0')}`, text, blocks };
    if (updated && known) Object.assign(known, row);
    else if (thread === undefined) messages.push(row);
    else replies.push({ ...row, thread });
    return c.json({ ok: true, channel, ts: row.ts });
  });
  app.post('/api/chat.postEphemeral', async (c) => {
    const body = v.safeParse(BodySchema, await c.req.json());
    if (!body.success) return error('invalid_arguments');
    const { channel, user, text } = body.output;
    if (channel !== options.channel) return error('channel_not_found');
    if (!user) return error('user_not_in_channel');
    if (text === '') return error('no_text');
    ephemeral.push({ channel, user, text });
    return c.json({ ok: true, message_ts: `1700000001.${String(ephemeral.length).padStart(6, '0')}` });
  });
  app.notFound(() => error('unknown_method'));

  return {
    app,
    messages,
    replies,
    ephemeral,
    fetch: (input: string | URL | Request, init?: RequestInit) => Promise.resolve(app.fetch(new Request(input, init))),
    fail: {
      limit: (retryAfter: string) =>
        failures.push(
          Response.json({ ok: false, error: 'ratelimited' }, { status: 429, headers: { 'retry-after': retryAfter } }),
        ),
      code: (code: string) => failures.push(error(code)),
      response: (response: Response) => failures.push(response),
    },
  };
};
