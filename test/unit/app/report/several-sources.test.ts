import { describe, expect, it } from 'vitest';
import { summarizeRollout } from '../../../../src/domain/fold-rollout.ts';
import { slackMessage } from '../../../../src/domain/report/slack-message.ts';
import { rolloutPage } from '../../../../src/ui/views.ts';
import {
  applicationYaml,
  CONFIG_REPOSITORY,
  configMapYaml,
  createMemoryStack,
  MAIN,
  REPOSITORY,
} from '../../../fakes/memory-stack.ts';

const two = applicationYaml('web', 'web', 'dev').replace(
  /source: .*/,
  `sources:
    - { repoURL: ${REPOSITORY}, targetRevision: main, path: web }
    - { repoURL: ${CONFIG_REPOSITORY}, targetRevision: main, path: values }`,
);

const setUp = async () => {
  const stack = await createMemoryStack();
  const values = await stack.pushConfig({ 'values/settings.yaml': configMapYaml('settings', 'one') });
  const code = await stack.push({ 'apps/web.yaml': two, 'web/config.yaml': configMapYaml('web', 'one') });
  await stack.settle();
  const rolloutOf = (commit: string) => {
    const found = [...stack.rollouts.rows.values()].filter(
      (row) => row.commit === commit && row.applications.length > 0,
    );
    expect(found).toHaveLength(1);
    return found[0] ?? expect.unreachable();
  };
  return { stack, values, code, rolloutOf };
};

describe('an application of two repositories', () => {
  it('has its rollout name the commits of both, and its status on the commit that was pushed', async () => {
    const { stack, values, code, rolloutOf } = await setUp();
    expect(rolloutOf(code).sources).toEqual([{ repository: CONFIG_REPOSITORY, ref: MAIN, commit: values }]);
    expect(stack.statusOf(code)['towline/dev']).toEqual(['success', '1/1 synced']);
    const next = await stack.pushConfig({ 'values/settings.yaml': configMapYaml('settings', 'two') });
    await stack.settle();
    expect(rolloutOf(next)).toMatchObject({
      repository: CONFIG_REPOSITORY,
      sources: [{ repository: REPOSITORY, ref: MAIN, commit: code }],
    });
    expect(stack.statusOf(next)['towline/dev']).toEqual(['success', '1/1 synced']);
    const told = stack.statuses.filter(({ commit }) => commit === next);
    expect(new Set(told.map(({ repository }) => repository.url))).toEqual(new Set([CONFIG_REPOSITORY]));
    const { sync, applied } = (await stack.applications.get('argocd/web')) ?? expect.unreachable();
    expect({ sync, commits: applied?.revisions.map(({ commit }) => commit) }).toEqual({
      sync: 'Synced',
      commits: [code, next],
    });
  });

  it('shows them in Slack and on the page', async () => {
    const { values, code, rolloutOf } = await setUp();
    const rollout = rolloutOf(code);
    const summary = summarizeRollout(rollout, [], 'https://towline.example.com/rollouts/r1');
    expect(JSON.stringify(slackMessage(summary))).toContain(`with acme/config main ${values.slice(0, 7)}`);
    expect(String(await rolloutPage({ rollout, outcomes: [], summary }))).toContain(
      `acme/config main ${values.slice(0, 7)}`,
    );
  });
});
