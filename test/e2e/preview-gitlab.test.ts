import { afterAll, beforeAll, expect, it } from 'vitest';
import { gitlabMergeRequest, gitlabWebhook } from '../fakes/webhook-deliveries.ts';
import { greeting } from './harness/demo-changes.ts';
import { GITLAB_NAMES, SECRETS } from './harness/forges.ts';
import { startWorld, type World } from './harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ kind: 'gitlab' });
});
afterAll(() => world?.close());

/** The merge request as it was opened, or as it got this commit on top. */
const offer = async (text: string, more: Record<string, unknown> = {}): Promise<string> => {
  const { bare, commits } = world.forge;
  const changed = Object.entries(greeting('web', text)).map(([path, content]) => [path, String(content)]);
  const files = { ...world.files, ...Object.fromEntries(changed) };
  const sha = await bare.commit({ ref: 'refs/merge-requests/7/head', from: 'refs/heads/main', files });
  commits.push(sha);
  const payload = gitlabMergeRequest(
    'acme/team/app',
    { last_commit: { id: sha }, source_branch: 'change', ...more },
    { project: GITLAB_NAMES },
  );
  const { headers, body } = gitlabWebhook(payload, {
    token: SECRETS.TOWLINE_SECRET_HOOK,
    event: 'Merge Request Hook',
    key: `mr-${text}`,
  });
  const { webhooks } = await world.towline().ready();
  const answer = await fetch(webhooks.gitlab, { method: 'POST', headers, body: Buffer.from(body) });
  expect([answer.status, await answer.text()]).toEqual([202, expect.stringContaining('accepted')]);
  return sha;
};

const previewed = async (sha: string): Promise<void> => {
  for (const context of ['towline/render', 'towline/policy']) {
    await expect.poll(() => world.statusOf(sha)[context]?.state, { message: context }).toBe('success');
  }
};

it('a merge request gets its two statuses and one note, edited in place, and changes no cluster', async () => {
  const first = await offer('previewed');
  await previewed(first);
  expect(world.statusOf(first)['towline/render']?.description).toBe('2 applications change: +0 ~2 −0 objects');
  await expect.poll(() => world.forge.comments[0]?.body).toContain('+ data.GREETING: previewed');
  const second = await offer('again', { action: 'update', oldrev: first });
  await previewed(second);
  await expect.poll(() => world.forge.comments[0]?.body).toContain('+ data.GREETING: again');
  expect(world.forge.comments).toHaveLength(1);
  const told = world.forge.posts
    .filter(({ path }) => path.endsWith(`/statuses/${first}`))
    .map(({ body, taken }) => ({ taken, ...(JSON.parse(body) as { ref?: string; pipeline_id?: number }) }));
  expect(told.map(({ taken, ref }) => [taken, ref])).toEqual(told.map(() => [true, 'change']));
  // The first lets GitLab find or make the pipeline; what follows names it.
  expect(told[0]?.pipeline_id).toBeUndefined();
  expect(told.slice(1).every(({ pipeline_id }) => pipeline_id !== undefined)).toBe(true);
  const config = await world.cluster('prod').get('/api/v1/namespaces/web/configmaps/web');
  expect(config?.data).not.toMatchObject({ GREETING: expect.stringMatching(/previewed|again/) });
});
