import { describe, expect, it } from 'vitest';
import { createGitHubHooks } from '../../src/adapters/github/hooks.ts';
import { type ScriptedAnswer, startScriptedServer } from './scripted-server.ts';

const read = async (answer: ScriptedAnswer) => {
  await using server = await startScriptedServer(() => answer);
  const hooks = createGitHubHooks({ credential: () => async () => 'token', clock: () => 0 });
  const found = await hooks({
    url: 'https://github.test/acme/app',
    forge: 'github',
    apiURL: server.url,
  }).catch((error: unknown) => error);
  return { found, asked: server.requests.map(({ url }) => url) };
};

const hook = (url: string, code: number | null, active = true) => ({
  id: 1,
  active,
  config: { url, content_type: 'json', secret: '********' },
  last_response: { code, status: 'x', message: 'y' },
});

describe('hooks of a GitHub repository', () => {
  it('are read with what their last event was answered with, without their query', async () => {
    const json = [
      hook('https://t.example/webhooks/github', 202),
      hook('https://t.example/webhooks/github?token=canary', 401),
      hook('https://t.example/unused', null),
      hook('https://t.example/off', 200, false),
    ];
    expect(await read({ json })).toEqual({
      found: [
        { url: 'https://t.example/webhooks/github' },
        { url: 'https://t.example/webhooks/github', failing: 401 },
        { url: 'https://t.example/unused' },
        { url: 'https://t.example/off', disabled: {} },
      ],
      asked: ['/repos/acme/app/hooks?per_page=100'],
    });
  });

  it.each([401, 403, 404])('are unknown where the credentials may not see them: %i', async (status) => {
    expect((await read({ status, json: {} })).found).toBeUndefined();
  });

  it('fail for now where GitHub is down', async () => {
    expect((await read({ status: 502, json: {} })).found).toMatchObject({ kind: 'transient' });
  });
});
