import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitlabPush, gitlabWebhook, signedGitLabWebhook } from '../fakes/webhook-deliveries.ts';
import { greeting } from './harness/demo-changes.ts';
import { GITLAB_NAMES, gitlabPayload, SECRETS } from './harness/forges.ts';
import { startWorld, type World } from './harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ kind: 'gitlab' });
});
afterAll(() => world?.close());

const told = (commit: string, context: string) =>
  world.forge
    .statuses()
    .filter((status) => status.sha === commit && status.context === context)
    .map(({ state, description }) => [state, description]);

const greetingOf = async (cluster: 'dev' | 'prod') =>
  (await world.cluster(cluster).get('/api/v1/namespaces/web/configmaps/web'))?.data;

describe('a fleet on GitLab', () => {
  it('takes a push by its secret token and posts pending, then success, and one Slack message', async () => {
    const before = world.forge.slack.length;
    const { commit } = await world.push(greeting('web', 'by token'));
    for (const context of ['towline/dev', 'towline/prod']) {
      expect(told(commit, context).at(0)).toEqual(['pending', 'planning']);
      expect(told(commit, context).at(-1)).toEqual(['success', '1/1 synced']);
    }
    expect(world.forge.slack.slice(before).map(({ text }) => text)).toEqual([expect.stringContaining('2/2 synced')]);
    expect(await greetingOf('dev')).toEqual({ GREETING: 'by token' });
  });

  it('takes a push by its webhook-signature', async () => {
    const commit = await world.commit(greeting('web', 'by signature'));
    const { webhooks } = await world.towline().ready();
    const { headers, body } = signedGitLabWebhook(gitlabPayload({ before: '0'.repeat(40), after: commit }), {
      secret: SECRETS.TOWLINE_SECRET_HOOK,
      at: Math.floor(Date.now() / 1_000),
    });
    const answer = await fetch(webhooks.gitlab, { method: 'POST', headers, body: Buffer.from(body) });
    expect(answer.status).toBe(202);
    await world.ended(commit);
    expect(await greetingOf('prod')).toEqual({ GREETING: 'by signature' });
  });

  it('ignores what a hook of the whole group tells of other projects: no answer counts as a failure of it', async () => {
    const { webhooks } = await world.towline().ready();
    const before = world.towline().all('change').length;
    const send = async (payload: unknown, token: string, event: string) => {
      const { headers, body } = gitlabWebhook(payload, { token, event });
      const answer = await fetch(webhooks.gitlab, { method: 'POST', headers, body: Buffer.from(body) });
      const { status } = (await answer.json()) as { status?: string };
      return [answer.status, status];
    };
    const token = SECRETS.TOWLINE_SECRET_HOOK;
    const other = gitlabPush('acme/other');
    const ignored = [202, 'ignored'];
    expect(await send(other, token, 'Push Hook')).toEqual(ignored);
    expect(await send({ ...other, object_kind: 'tag_push' }, token, 'Tag Push Hook')).toEqual(ignored);
    expect(await send({ event_name: 'project_create', path: 'x' }, token, 'System Hook')).toEqual(ignored);
    expect(await send({ object_kind: 'pipeline', project: GITLAB_NAMES }, token, 'Pipeline Hook')).toEqual(ignored);
    expect((await send(other, 'of a stranger', 'Push Hook'))[0]).toBe(401);
    expect(world.towline().all('change').length).toBe(before);
  });

  it('says failed, naming the file, for a commit that breaks a manifest, and success for its repair', async () => {
    const broken = await world.push({ 'workloads/web/config.yaml': 'apiVersion: v1\nkind: [\nmetadata: {}\n' });
    expect(told(broken.commit, 'towline/dev').at(-1)).toEqual([
      'failed',
      expect.stringContaining('workloads/web/config.yaml'),
    ]);
    const repaired = await world.push(greeting('web', 'repaired'));
    expect(told(repaired.commit, 'towline/dev').at(-1)).toEqual(['success', '1/1 synced']);
    expect(await greetingOf('dev')).toEqual({ GREETING: 'repaired' });
  });

  it('says that nothing is affected where nothing is', async () => {
    const { commit } = await world.push({ 'README.md': 'changed\n' });
    expect(world.statusOf(commit)).toEqual({
      'towline/render': { state: 'success', description: 'no applications affected' },
      'towline/dev': { state: 'success', description: 'no applications affected' },
      'towline/prod': { state: 'success', description: 'no applications affected' },
    });
  });
});
