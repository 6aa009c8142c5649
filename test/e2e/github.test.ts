import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { greeting } from './harness/demo-changes.ts';
import { startWorld, type World } from './harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

/** What the forge was told about a commit in one context, in order. */
const told = (commit: string, context: string) =>
  world.forge
    .statuses()
    .filter((status) => status.sha === commit && status.context === context)
    .map(({ state, description }) => [state, description]);

describe('a fleet on GitHub', () => {
  it('posts pending, then success, in each environment, and one Slack message that is edited', async () => {
    const before = world.forge.slack.length;
    const { commit } = await world.push(greeting('web', 'two'));
    for (const context of ['towline/dev', 'towline/prod']) {
      expect(told(commit, context).at(0)).toEqual(['pending', 'planning']);
      expect(told(commit, context).at(-1)).toEqual(['success', '1/1 synced']);
    }
    const messages = world.forge.slack.slice(before);
    expect(messages).toHaveLength(1);
    expect(messages[0]?.text).toContain('2/2 synced');
    expect(JSON.stringify(messages[0]?.blocks)).toContain(commit.slice(0, 7));
    const config = await world.cluster('prod').get('/api/v1/namespaces/web/configmaps/web');
    expect(config?.data).toEqual({ GREETING: 'two' });
  });

  it('lists the rollout as a deployment of the environment that the fleet file names', async () => {
    const { commit } = await world.push(greeting('web', 'deployed'));
    const found = () => world.forge.deployments.filter(({ sha }) => sha === commit);
    const last = () => found()[0]?.statuses.at(-1);
    await expect.poll(last, { timeout: 30_000 }).toMatchObject({ state: 'success', description: '1/1 synced' });
    expect(found()).toMatchObject([{ environment: 'prod', production_environment: true }]);
    const { url } = await world.towline().ready();
    expect(last()).toMatchObject({
      log_url: expect.stringContaining(`${url}/rollouts/`),
      environment_url: 'https://shop.example.com',
    });
  });

  it('does nothing for the same delivery again', async () => {
    const commit = await world.commit(greeting('web', 'three'));
    expect(await world.deliver(commit, 'd1')).toBe(202);
    await world.ended(commit);
    const before = world.forge.posts.length;
    expect(await world.deliver(commit, 'd1')).toBe(202);
    const { commit: next } = await world.push({ 'README.md': 'hello' });
    const posts = world.forge.posts.slice(before);
    expect(posts.filter(({ path, body }) => `${path} ${body}`.includes(commit))).toEqual([]);
    expect(world.statusOf(next)).toEqual({
      'towline/render': { state: 'success', description: 'no applications affected' },
      'towline/dev': { state: 'success', description: 'no applications affected' },
      'towline/prod': { state: 'success', description: 'no applications affected' },
    });
  });
});
