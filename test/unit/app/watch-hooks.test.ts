import { describe, expect, it } from 'vitest';
import { createReadModel } from '../../../src/app/read-model.ts';
import { watchHooks } from '../../../src/app/watch-hooks.ts';
import { transient } from '../../../src/domain/errors.ts';
import type { RepositoryConfig } from '../../../src/domain/fleet/fleet-file.ts';
import { FLEET_ID } from '../../../src/domain/fleet-row.ts';
import type { HookState } from '../../../src/ports/webhook-health.ts';
import { createMemoryStack } from '../../fakes/memory-stack.ts';

const MINUTE = 60_000;
const repository = (name: string, more: Partial<RepositoryConfig> = {}): RepositoryConfig => ({
  url: `https://gitlab.test/acme/${name}`,
  forge: 'gitlab',
  apiURL: 'https://gitlab.test/api/v4',
  credentials: 'token',
  webhookSecret: 'secret',
  ...more,
});

const setUp = async (repositories: RepositoryConfig[], answer: () => HookState[] | undefined) => {
  const stack = await createMemoryStack();
  const row = await stack.fleets.get(FLEET_ID);
  if (row) await stack.fleets.save({ ...row, file: { ...row.file, repositories } });
  const asked: string[] = [];
  const watch = watchHooks({
    ...stack,
    readHooks: async ({ url }) => {
      asked.push(url);
      return answer();
    },
  });
  return { stack, asked, watch };
};

describe('the health of hooks', () => {
  it('is told where GitLab has stopped calling one of ours', async () => {
    const hooks: HookState[] = [
      { url: 'https://t.example/webhooks/gitlab', disabled: { until: '2026-01-01T00:00:00Z' } },
      { url: 'https://t.example/api/webhook' },
      { url: 'https://ci.example/hook', disabled: {} },
    ];
    const { stack, watch } = await setUp([repository('a')], () => hooks);
    expect(await watch()).toEqual({ disabled: 1 });
    expect(stack.log.lines.filter(({ level }) => level === 'error')).toEqual([
      expect.objectContaining({
        message: 'webhook disabled by GitLab',
        fields: expect.objectContaining({ repository: 'https://gitlab.test/acme/a', until: '2026-01-01T00:00:00Z' }),
      }),
    ]);
  });

  it('is looked at every quarter of an hour, and once a day where the token may not see it', async () => {
    let answer: HookState[] | undefined = [];
    const { stack, asked, watch } = await setUp([repository('a')], () => answer);
    await watch();
    stack.time.now += 5 * MINUTE;
    await watch();
    expect(asked).toHaveLength(1);
    answer = undefined;
    stack.time.now += 10 * MINUTE;
    await watch();
    stack.time.now += 60 * MINUTE;
    await watch();
    expect(asked).toHaveLength(2);
    stack.time.now += 24 * 60 * MINUTE;
    await watch();
    expect(asked).toHaveLength(3);
  });

  it('is told where the last event of a GitHub hook was answered by no success', async () => {
    const hooks: HookState[] = [
      { url: 'https://t.example/webhooks/github', failing: 401 },
      { url: 'https://t.example/webhooks/github', disabled: {} },
      { url: 'https://t.example/webhooks/github' },
      { url: 'https://ci.example/hook', failing: 500 },
    ];
    const { stack, watch } = await setUp([repository('b', { forge: 'github' })], () => hooks);
    expect(await watch()).toEqual({ disabled: 2 });
    expect(stack.log.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'webhook fails, says GitHub'],
      ['error', 'webhook disabled by GitHub'],
    ]);
    const [shown] = (await createReadModel(stack).overview(10)).repositories;
    expect(shown?.hooks).toEqual([
      { url: 'https://t.example/webhooks/github', status: 401 },
      { url: 'https://t.example/webhooks/github' },
    ]);
  });

  it('is asked of forges alone, with credentials and a webhook, and holds up nothing', async () => {
    const others = [
      repository('b', { forge: 'git' }),
      { url: 'https://gitlab.test/acme/c', forge: 'gitlab' as const, webhookSecret: 'x' },
      { url: 'https://gitlab.test/acme/d', forge: 'gitlab' as const, credentials: 'x' },
    ];
    const { stack, asked, watch } = await setUp([...others, repository('a')], () => {
      throw transient('repository-unreachable', 'GitLab did not answer');
    });
    expect(await watch()).toEqual({ disabled: 0 });
    expect(asked).toEqual(['https://gitlab.test/acme/a']);
    expect(stack.log.lines).toContainEqual(expect.objectContaining({ message: 'webhooks not looked at' }));
  });
});

describe('the page', () => {
  it('shows a hook that is disabled, and no more once it is enabled', async () => {
    let hooks: HookState[] = [
      { url: 'https://t.example/webhooks/gitlab', disabled: { until: '2026-01-01T00:00:00Z' } },
    ];
    const { stack, watch } = await setUp([repository('well'), repository('ill')], () => hooks);
    const health = async () =>
      (await createReadModel(stack).overview(10)).repositories.map(({ hooks: found }) => found);
    await watch();
    expect(await health()).toEqual([
      [{ url: 'https://t.example/webhooks/gitlab', until: '2026-01-01T00:00:00Z' }],
      [{ url: 'https://t.example/webhooks/gitlab', until: '2026-01-01T00:00:00Z' }],
    ]);
    const { version } = (await stack.fleets.get(FLEET_ID)) ?? {};
    stack.time.now += 15 * MINUTE;
    await watch();
    expect((await stack.fleets.get(FLEET_ID))?.version).toBe(version);
    hooks = [];
    stack.time.now += 15 * MINUTE;
    await watch();
    expect(await health()).toEqual([[], []]);
  });
});
