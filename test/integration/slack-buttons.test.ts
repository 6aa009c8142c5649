import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createWebhookApp } from '../../src/adapters/http/webhook-routes.ts';
import { receiveSlack } from '../../src/app/receive-slack.ts';
import { updateRow } from '../../src/app/update-row.ts';
import { transient } from '../../src/domain/errors.ts';
import { FLEET_ID } from '../../src/domain/fleet-row.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../fakes/memory-stack.ts';
import { slackBlocksError } from '../fakes/slack-server.ts';

const SECRET = 'slack-signing-canary';

interface Button {
  action_id: string;
  value?: string;
  url?: string;
  confirm?: object;
}

const setUp = async () => {
  const stack = await createMemoryStack();
  await updateRow(stack.fleets, FLEET_ID, (row) => {
    const { slack } = row?.file ?? {};
    const roles = { U0ALICE: 'operator', U0VIEW: 'viewer' } as const;
    return row && slack ? { ...row, file: { ...row.file, slack: { ...slack, signingSecret: 'sign', roles } } } : row;
  });
  const web = (value: string) => stack.push({ 'web/config.yaml': configMapYaml('web', value) });
  await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev'),
    'web/config.yaml': configMapYaml('web', 'one'),
  });
  await stack.settle();
  const app = createWebhookApp({
    receive: () => Promise.reject(new Error('no forge in this test')),
    receiveSlack: receiveSlack({
      slack: async () => (await stack.fleets.get(FLEET_ID))?.file.slack,
      secrets: { read: () => Promise.resolve(`${SECRET}\n`) },
      enqueue: (message) => stack.queues.changes([message]),
      clock: stack.clock,
    }),
    log: stack.log,
  });
  const buttons = (): Button[] => {
    const blocks = (stack.chat.at(-1)?.message.blocks ?? []) as { type: string; elements?: Button[] }[];
    expect(slackBlocksError(blocks)).toBeUndefined();
    return blocks.find(({ type }) => type === 'actions')?.elements ?? [];
  };
  const send = (payload: unknown, { secret = SECRET, at = stack.clock() } = {}) => {
    const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const timestamp = String(Math.floor(at / 1_000));
    const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': signature,
    };
    return app.request('/webhooks/slack', { method: 'POST', body, headers });
  };
  const press = async (button: Button | undefined, user: string, how = {}): Promise<number> => {
    const answer = await send(
      {
        type: 'block_actions',
        user: { id: user },
        channel: { id: 'C1' },
        actions: [button],
        response_url: 'https://x',
      },
      how,
    );
    return answer.status;
  };
  const row = () => stack.applications.rows.get('argocd/web');
  return { stack, web, app, buttons, send, press, row };
};

let slack: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  slack = await setUp();
});
const named = (name: string): Button | undefined => slack.buttons().find((one) => one.action_id === `towline_${name}`);

describe('buttons under a rollout’s message', () => {
  it('open its page, and take it back once asked whether it is meant', async () => {
    await slack.web('two');
    await slack.stack.settle();
    expect(slack.buttons().map(({ action_id }) => action_id)).toEqual(['towline_open', 'towline_rollback']);
    expect(named('open')?.url).toMatch(/^https:\/\/towline\.example\.com\/rollouts\//);
    expect(named('rollback')?.confirm).toBeDefined();
    expect(await slack.press(named('rollback'), 'U0ALICE')).toBe(200);
    await slack.stack.settle();
    expect(slack.row()).toMatchObject({ pinned: { generation: 1 }, sync: 'Synced' });
    expect(slack.stack.whispers).toEqual([
      { channel: 'C1', user: 'U0ALICE', text: expect.stringMatching(/^Rolling back.*argocd\/web\.$/) },
    ]);
    // The rollback's own message has nothing to take back.
    expect(slack.buttons().map(({ action_id }) => action_id)).toEqual(['towline_open']);
  });

  it('retry what failed, once however often it is pressed or comes', async () => {
    await slack.stack.push({ 'apps/web.yaml': applicationYaml('web', 'nowhere', 'dev') });
    await slack.stack.settle();
    const retry = named('retry');
    expect(retry).toBeDefined();
    for (let times = 0; times < 3; times++) expect(await slack.press(retry, 'U0ALICE')).toBe(200);
    await slack.stack.settle();
    const texts = slack.stack.whispers.map(({ text }) => text);
    expect(texts.filter((text) => text === 'Started again: argocd/web.')).toHaveLength(1);
    expect(texts.filter((text) => text.startsWith('That was asked for already'))).toHaveLength(2);
  });

  it.each([
    ['without a role', 'U0EVE', /no role in Towline: add U0EVE to slack\.roles/],
    ['who may only look', 'U0VIEW', /As viewer you may look/],
  ])('a person %s is told so, alone, and nothing happens', async (_name, user, text) => {
    await slack.web('two');
    await slack.stack.settle();
    const before = slack.row()?.version;
    expect(await slack.press(named('rollback'), user)).toBe(200);
    await slack.stack.settle();
    expect(slack.stack.whispers).toEqual([{ channel: 'C1', user, text: expect.stringMatching(text) }]);
    expect(slack.row()?.version).toBe(before);
  });

  it('are not there while it runs, nor where Slack cannot prove itself', async () => {
    await updateRow(slack.stack.fleets, FLEET_ID, (row) => {
      const { signingSecret: _none, ...rest } = row?.file.slack ?? { channel: '', credentials: '', apiURL: '' };
      return row && { ...row, file: { ...row.file, slack: rest } };
    });
    await slack.web('two');
    await slack.stack.settle();
    expect(slack.buttons()).toEqual([]);
    expect(await slack.press({ action_id: 'towline_retry', value: 'x:1' }, 'U0ALICE')).toBe(401);
  });

  it('are answered at once, done when the chat is back, and told then', async () => {
    await slack.web('two');
    await slack.stack.settle();
    const rollback = named('rollback');
    slack.stack.down.chat = () => transient('chat-unreachable', 'Slack did not answer');
    expect(await slack.press(rollback, 'U0ALICE')).toBe(200);
    await slack.stack.settle(3_600);
    expect(slack.row()).toMatchObject({ pinned: { generation: 1 }, sync: 'Synced' });
    slack.stack.down.chat = undefined;
    await slack.stack.settle(600);
    expect(slack.stack.whispers).toHaveLength(1);
  });
});

describe('/webhooks/slack', () => {
  it.each([
    ['another secret', { secret: 'guess' }],
    ['a request of long ago', { at: 0 }],
  ])('refuses %s', async (_name, how) => {
    await slack.web('two');
    await slack.stack.settle();
    expect(await slack.press(named('rollback'), 'U0ALICE', how)).toBe(401);
    expect(slack.stack.sent.changes).toEqual([]);
  });

  it('refuses what is no form, what is too large, and other methods', async () => {
    const post = (body: string, type: string) =>
      slack.app.request('/webhooks/slack', { method: 'POST', body, headers: { 'content-type': type } });
    expect((await post('{}', 'application/json')).status).toBe(415);
    expect((await post('x'.repeat(300_000), 'application/x-www-form-urlencoded')).status).toBe(413);
    expect((await slack.app.request('/webhooks/slack')).status).toBe(405);
  });
});
