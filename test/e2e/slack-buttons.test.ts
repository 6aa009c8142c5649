import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { greeting } from './harness/demo-changes.ts';
import { CHANNEL } from './harness/forge-front.ts';
import { SECRETS } from './harness/forges.ts';
import { startWorld, type World } from './harness/world.ts';

const WAIT = { timeout: 60_000, interval: 100 };

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

interface Button {
  action_id: string;
  value?: string;
}
interface Actions {
  type: string;
  elements?: Button[];
}

/** The button under a commit's message, once it is there. */
const button = async (commit: string, action: 'retry' | 'rollback'): Promise<Button> => {
  const find = (): Button | undefined =>
    world.forge.slack
      .filter(({ blocks }) => JSON.stringify(blocks).includes(commit.slice(0, 12)))
      .flatMap(({ blocks }) => (blocks as Actions[]).flatMap(({ elements = [] }) => elements))
      .find(({ action_id: id }) => id === `towline_${action}`);
  await expect.poll(find, WAIT).toBeDefined();
  return find() ?? expect.fail('no button');
};

interface Press {
  user: string;
  secret?: string;
  /** Seconds since the epoch. */
  at?: number;
}

/** Presses a button as Slack sends it: https://docs.slack.dev/authentication/verifying-requests-from-slack */
const press = async (
  pressed: Button,
  { user, secret, at = Math.floor(Date.now() / 1_000) }: Press,
): Promise<number> => {
  const payload = {
    type: 'block_actions',
    user: { id: user, username: 'somebody', team_id: 'T1' },
    channel: { id: CHANNEL, name: 'deploys' },
    actions: [{ type: 'button', block_id: 'b1', action_ts: '1', ...pressed }],
  };
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const key = secret ?? SECRETS.TOWLINE_SECRET_SLACK_SIGNING;
  const signature = createHmac('sha256', key).update(`v0:${at}:${body}`).digest('hex');
  const { url } = await world.towline().ready();
  const answer = await fetch(new URL('/webhooks/slack', url), {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': String(at),
      'x-slack-signature': `v0=${signature}`,
    },
  });
  await answer.arrayBuffer();
  return answer.status;
};

const config = async (cluster: 'dev' | 'prod') =>
  (await world.cluster(cluster).get('/api/v1/namespaces/web/configmaps/web'))?.data;
/** What a user was told, newest last. */
const told = (user: string): string[] => world.forge.whispers.flatMap((one) => (one.user === user ? [one.text] : []));

const BLOCKING = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'extra',
    namespace: 'web',
    annotations: { 'argocd.argoproj.io/tracking-id': 'someone-else:/ConfigMap:web/extra' },
  },
};

describe('buttons in Slack, on a running stack', () => {
  it('refuse a wrong signature, a stale one, a viewer, and who is operator elsewhere; nothing happens', async () => {
    const { commit } = await world.push(greeting('web', 'kept'));
    const rollback = await button(commit, 'rollback');
    expect(await press(rollback, { user: 'U0ALICE', secret: 'guessed' })).toBe(401);
    expect(await press(rollback, { user: 'U0ALICE', at: Math.floor(Date.now() / 1_000) - 600 })).toBe(401);
    for (const user of ['U0BOB', 'U0DAVE', 'U0EVE']) expect(await press(rollback, { user })).toBe(200);
    await expect.poll(() => told('U0BOB'), WAIT).toEqual([expect.stringContaining('As viewer you may look')]);
    await expect.poll(() => told('U0DAVE'), WAIT).toEqual([expect.stringContaining('no operator of default')]);
    await expect.poll(() => told('U0EVE'), WAIT).toEqual([expect.stringContaining('no role in Towline')]);
    expect(told('U0ALICE')).toEqual([]);
    expect([await config('dev'), await config('prod')]).toEqual([{ GREETING: 'kept' }, { GREETING: 'kept' }]);
  });

  it('roll back what a commit changed, for an operator of its project', async () => {
    const { commit } = await world.push(greeting('web', 'regretted'));
    expect(await press(await button(commit, 'rollback'), { user: 'U0CAROL' })).toBe(200);
    for (const cluster of ['dev', 'prod'] as const) {
      await expect.poll(() => config(cluster), WAIT).toEqual({ GREETING: 'kept' });
    }
    await expect
      .poll(() => told('U0CAROL'), WAIT)
      .toEqual([expect.stringMatching(/^Rolling back, .*argocd\/web-dev, argocd\/web-prod\.$/)]);
  });

  it('retry what failed, once however often they are pressed', async () => {
    await world.cluster('prod').write('POST', '/api/v1/namespaces/web/configmaps', BLOCKING);
    const extra = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: extra }\ndata: { answer: "42" }\n';
    const { commit, end } = await world.push({ 'workloads/web/extra.yaml': extra });
    expect(end.state).toBe('failure');
    expect(world.statusOf(commit)['towline/prod']?.state).toBe('failure');
    await world.cluster('prod').write('DELETE', '/api/v1/namespaces/web/configmaps/extra');
    const retry = await button(commit, 'retry');
    expect(await press(retry, { user: 'U0ALICE' })).toBe(200);
    await expect.poll(() => told('U0ALICE'), WAIT).toEqual(['Started again: argocd/web-prod.']);
    const path = '/api/v1/namespaces/web/configmaps/extra';
    await expect.poll(async () => (await world.cluster('prod').get(path))?.data, WAIT).toEqual({ answer: '42' });
    await expect.poll(() => world.statusOf(commit)['towline/prod']?.state, WAIT).toBe('success');
    expect(await press(retry, { user: 'U0ALICE' })).toBe(200);
    await expect.poll(() => told('U0ALICE').at(-1), WAIT).toContain('That was asked for already');
  });
});
