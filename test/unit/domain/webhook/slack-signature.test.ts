import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readSlackRequest, slackButton } from '../../../../src/domain/webhook/slack-action.ts';
import { isSignedBySlack } from '../../../../src/domain/webhook/slack-signature.ts';

const NOW = 1_531_420_618_000;

describe('isSignedBySlack', () => {
  // The example of https://docs.slack.dev/authentication/verifying-requests-from-slack/
  const secret = '8f742231b10e8888abcd99yyyzzz85a5';
  const body = Buffer.from(
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  );
  const headers = {
    'X-Slack-Signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    'X-Slack-Request-Timestamp': '1531420618',
  };
  const signed = (more: object = {}, now = NOW, secrets = [secret], bytes: Uint8Array = body) =>
    isSignedBySlack({ headers: { ...headers, ...more }, body: bytes }, secrets, now);

  it('is true for what Slack signed, by any of the secrets while they are rotated', () => {
    expect(signed()).toBe(true);
    expect(signed({}, NOW, ['next', secret])).toBe(true);
  });

  it.each<[string, boolean]>([
    ['another secret', signed({}, NOW, ['other'])],
    ['no secret', signed({}, NOW, [])],
    ['an empty secret', signed({ 'X-Slack-Signature': emptyKey() }, NOW, [''])],
    ['another body', signed({}, NOW, [secret], Buffer.concat([body, Buffer.from('x')]))],
    ['another time', signed({ 'X-Slack-Request-Timestamp': '1531420619' })],
    ['no time', signed({ 'X-Slack-Request-Timestamp': '' })],
    ['no signature', signed({ 'X-Slack-Signature': '' })],
    ['another version', signed({ 'X-Slack-Signature': headers['X-Slack-Signature'].replace('v0', 'v1') })],
    ['half a signature', signed({ 'X-Slack-Signature': headers['X-Slack-Signature'].slice(0, 20) })],
    ['more than five minutes ago', signed({}, NOW + 301_000)],
    ['more than five minutes ahead', signed({}, NOW - 301_000)],
  ])('is false for %s', (_name, result) => {
    expect(result).toBe(false);
  });

  function emptyKey(): string {
    return `v0=${createHmac('sha256', '').update('v0:1531420618:').update(body).digest('hex')}`;
  }
});

describe('readSlackRequest', () => {
  const form = (payload: unknown) => Buffer.from(new URLSearchParams({ payload: JSON.stringify(payload) }).toString());
  const pressed = (action: object, more: object = {}) =>
    form({ type: 'block_actions', user: { id: 'U1' }, channel: { id: 'C1' }, actions: [action], ...more });

  it.each(['retry', 'rollback'] as const)('reads %s', (action) => {
    expect(readSlackRequest(pressed(slackButton(action, 'abc123', 2)))).toEqual({
      type: 'action',
      action: { action, rollout: 'abc123', attempt: 2, user: 'U1', channel: 'C1' },
    });
  });

  it.each([
    ['a link', pressed({ action_id: 'towline_open' })],
    ['an action of another app', pressed({ action_id: 'retry', value: 'abc:1' })],
    ['a value that is none', pressed({ action_id: 'towline_retry', value: '../abc' })],
    ['another interaction', pressed(slackButton('retry', 'abc', 1), { type: 'view_submission' })],
    ['a press without a channel', form({ type: 'block_actions', user: { id: 'U1' }, actions: [] })],
  ])('leaves %s alone', (_name, body) => {
    expect(readSlackRequest(body)).toEqual({ type: 'ignored' });
  });

  it.each([
    ['no form', Buffer.from('{"type":"block_actions"}')],
    ['no JSON', Buffer.from('payload=%7B')],
    ['a user that is none', form({ type: 'block_actions', user: { id: '<!channel>' } })],
    ['no bytes', Buffer.alloc(0)],
  ])('refuses %s', (_name, body) => {
    expect(readSlackRequest(body).type).toBe('malformed');
  });
});
