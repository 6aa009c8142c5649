import { afterAll, beforeAll, expect, it } from 'vitest';
import { githubPullRequest, githubWebhook } from '../fakes/webhook-deliveries.ts';
import { greeting } from './harness/demo-changes.ts';
import { GITHUB_NAMES, SECRETS } from './harness/forges.ts';
import { startWorld, type World } from './harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

const open = async (): Promise<string> => {
  const { bare, commits } = world.forge;
  const files = {
    ...world.files,
    ...Object.fromEntries(Object.entries(greeting('web', 'previewed')).map(([path, text]) => [path, String(text)])),
  };
  const sha = await bare.commit({ ref: 'refs/pull/7/head', from: 'refs/heads/main', files });
  commits.push(sha);
  const repo = { id: GITHUB_NAMES.id };
  const pull = { base: { ref: 'main', sha: commits[0], repo }, head: { ref: 'change', sha, repo } };
  const payload = githubPullRequest('acme/app', { repository: GITHUB_NAMES }, pull);
  const { headers, body } = githubWebhook(payload, {
    secret: SECRETS.TOWLINE_SECRET_HOOK,
    delivery: 'pr-1',
    event: 'pull_request',
  });
  const { webhooks } = await world.towline().ready();
  const answer = await fetch(webhooks.github, { method: 'POST', headers, body: Buffer.from(body) });
  expect([answer.status, await answer.text()]).toEqual([202, expect.stringContaining('accepted')]);
  return sha;
};

it('a pull request gets its two statuses, one comment and a page, and changes no cluster', async () => {
  const sha = await open();
  await expect.poll(() => world.statusOf(sha)['towline/policy']?.state).toBe('success');
  expect(world.statusOf(sha)).toMatchObject({
    'towline/render': { description: '2 applications change: +0 ~2 −0 objects' },
    'towline/policy': { state: 'success' },
  });
  await expect.poll(() => world.forge.comments.length).toBe(1);
  const [comment] = world.forge.comments;
  expect(comment?.body).toContain('+ data.GREETING: previewed');
  expect(comment?.body).toContain('same on 2 clusters');
  const page = /\[Full diff\]\((\S+)\)/.exec(comment?.body ?? '')?.[1] ?? '';
  expect(await (await fetch(page)).text()).toContain('+ data.GREETING: previewed');
  const config = await world.cluster('prod').get('/api/v1/namespaces/web/configmaps/web');
  expect(config?.data).not.toEqual({ GREETING: 'previewed' });
});
