import { describe, expect, it } from 'vitest';
import { createGitLabHooks } from '../../src/adapters/gitlab/hooks.ts';
import { type ScriptedAnswer, startScriptedServer } from './scripted-server.ts';

const read = async (answer: ScriptedAnswer) => {
  await using server = await startScriptedServer(() => answer);
  const hooks = createGitLabHooks({ credential: () => async () => 'token', clock: () => 0 });
  const found = await hooks({
    url: 'https://gitlab.test/acme/app',
    forge: 'gitlab',
    apiURL: `${server.url}/api/v4`,
  }).catch((error: unknown) => error);
  return { found, asked: server.requests.map(({ url }) => url) };
};

describe('hooks of a GitLab project', () => {
  it('are read with their state, without their query', async () => {
    const json = [
      { url: 'https://t.example/webhooks/gitlab', alert_status: 'executable', disabled_until: null },
      {
        url: 'https://t.example/webhooks/gitlab?token=canary',
        alert_status: 'temporarily_disabled',
        disabled_until: '2026-01-01T00:00:00Z',
      },
      { url: 'https://t.example/other', alert_status: 'disabled' },
      { url: 'https://t.example/old' },
    ];
    expect(await read({ json })).toEqual({
      found: [
        { url: 'https://t.example/webhooks/gitlab' },
        { url: 'https://t.example/webhooks/gitlab', disabled: { until: '2026-01-01T00:00:00Z' } },
        { url: 'https://t.example/other', disabled: {} },
        { url: 'https://t.example/old' },
      ],
      asked: ['/api/v4/projects/acme%2Fapp/hooks?per_page=100'],
    });
  });

  it.each([401, 403, 404])('are unknown where the token may not see them: %i', async (status) => {
    expect((await read({ status, json: {} })).found).toBeUndefined();
  });

  it('fail for now where GitLab is down', async () => {
    expect((await read({ status: 502, json: {} })).found).toMatchObject({ kind: 'transient' });
  });
});
