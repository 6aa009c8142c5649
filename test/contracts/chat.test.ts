import { describe, expect, it } from 'vitest';
import { createSlackChat } from '../../src/adapters/slack/chat.ts';
import { createFakeSlack } from '../fakes/slack-server.ts';
import { everythingIn } from './commit-statuses-suite.ts';

const TOKEN = 'xoxb-canary';
const CHANNEL = 'C0123456';
const message = (text: string) => ({ text, blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }] });

const setUp = (token = TOKEN) => {
  const fake = createFakeSlack({ token: TOKEN, channel: CHANNEL });
  const chat = createSlackChat({
    apiURL: 'https://slack.com/api',
    token: () => Promise.resolve(`${token}\n`),
    fetch: fake.fetch,
  });
  return { fake, chat };
};

describe('Chat: Slack', () => {
  it('posts a message and edits it in place', async () => {
    const { fake, chat } = setUp();
    const { channel, ts } = await chat.post(CHANNEL, message('rolling out'));
    await chat.update(channel, ts, message('done'));
    expect(fake.messages).toEqual([{ channel: CHANNEL, ts, ...message('done') }]);
  });

  it('replies in the thread of a message, and edits the reply', async () => {
    const { fake, chat } = setUp();
    const { channel, ts } = await chat.post(CHANNEL, message('failed'));
    const reply = await chat.post(channel, message('why'), ts);
    await chat.update(channel, reply.ts, message('why, in full'));
    expect(fake.messages).toHaveLength(1);
    expect(fake.replies).toEqual([{ channel: CHANNEL, ts: reply.ts, thread: ts, ...message('why, in full') }]);
    await expect(chat.post(channel, message('x'), '1.2')).rejects.toMatchObject({ code: 'chat-refused' });
  });

  it('posts text alone', async () => {
    const { fake, chat } = setUp();
    await chat.post(CHANNEL, { text: 'hello' });
    expect(fake.messages).toMatchObject([{ text: 'hello', blocks: [] }]);
  });

  it.each([
    ['channel_not_found', 'chat-channel-unknown', 'permanent'],
    ['not_in_channel', 'chat-channel-unknown', 'permanent'],
    ['is_archived', 'chat-channel-unknown', 'permanent'],
    ['invalid_auth', 'chat-denied', 'permanent'],
    ['missing_scope', 'chat-denied', 'permanent'],
    ['token_revoked', 'chat-denied', 'permanent'],
    ['msg_blocks_too_long', 'chat-refused', 'permanent'],
    ['message_not_found', 'chat-refused', 'permanent'],
    ['something Slack invents', 'chat-refused', 'permanent'],
    ['internal_error', 'chat-unreachable', 'transient'],
    ['ratelimited', 'chat-rate-limited', 'transient'],
  ])('%s: %s', async (code, expected, kind) => {
    const { fake, chat } = setUp();
    fake.fail.code(code);
    const error = await chat.post(CHANNEL, message('x')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'AppError', code: expected, kind });
    expect(everythingIn(error)).not.toMatch(/canary|invents/);
    expect(fake.messages).toEqual([]);
  });

  it('a wrong token is denied, an unknown channel unknown', async () => {
    await expect(setUp('xoxb-other').chat.post(CHANNEL, message('x'))).rejects.toMatchObject({ code: 'chat-denied' });
    await expect(setUp().chat.post('C1', message('x'))).rejects.toMatchObject({ code: 'chat-channel-unknown' });
  });

  it('a rate limit says when to come back', async () => {
    const { fake, chat } = setUp();
    fake.fail.limit('7');
    await expect(chat.post(CHANNEL, message('x'))).rejects.toMatchObject({
      code: 'chat-rate-limited',
      kind: 'transient',
      retryAfterSeconds: 7,
    });
  });

  it.each([
    [new Response('<html>', { status: 200 }), 'transient'],
    [new Response('bad gateway', { status: 502 }), 'transient'],
    [new Response(null, { status: 302, headers: { location: 'https://evil.example.com' } }), 'permanent'],
    [new Response('nothing here', { status: 404 }), 'permanent'],
  ])("an answer that is not the API's: %o", async (response, kind) => {
    const { fake, chat } = setUp();
    fake.fail.response(response);
    await expect(chat.post(CHANNEL, message('x'))).rejects.toMatchObject({ name: 'AppError', kind });
  });

  it('a host that cannot be reached passes', async () => {
    const fetch = () => Promise.reject(new TypeError('fetch failed'));
    const chat = createSlackChat({ token: () => Promise.resolve(TOKEN), fetch });
    const error = await chat.post(CHANNEL, message('x')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'chat-unreachable', kind: 'transient' });
    expect(everythingIn(error)).not.toContain('canary');
  });
});
