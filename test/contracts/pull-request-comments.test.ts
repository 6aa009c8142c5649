import { describe, expect, it } from 'vitest';
import { createGitHubComments } from '../../src/adapters/github/pull-request-comments.ts';
import { createGitLabNotes } from '../../src/adapters/gitlab/merge-request-notes.ts';
import type { RepositoryConfig } from '../../src/domain/fleet/fleet-file.ts';
import { MAX_COMMENT } from '../../src/domain/preview/preview-comment.ts';
import { createFakeComments } from '../fakes/forge-comments.ts';
import { everythingIn } from './commit-statuses-suite.ts';

const MARKER = '<!-- towline:preview -->';
const TOKENS = { token: 'canary-right', readToken: 'canary-read-only' };
const repositories: Record<'github' | 'gitlab', RepositoryConfig> = {
  github: { url: 'https://github.com/acme/fleet', forge: 'github', apiURL: 'https://api.github.com' },
  gitlab: { url: 'https://gitlab.com/acme/team/fleet', forge: 'gitlab', apiURL: 'https://gitlab.com/api/v4' },
};

describe.each(['github', 'gitlab'] as const)('PullRequestComments: %s', (forge) => {
  const setUp = (secret: string = TOKENS.token) => {
    const repository = repositories[forge];
    const path = forge === 'github' ? 'acme/fleet' : 'acme/team/fleet';
    const fake = createFakeComments({ forge, repository: path, number: 7, ...TOKENS });
    const deps = { credentials: () => Promise.resolve(secret), clock: () => 0, fetch: fake.fetch };
    const comments = forge === 'github' ? createGitHubComments(deps) : createGitLabNotes(deps);
    const upsert = (text: string, more: { id?: string; number?: number } = {}) =>
      comments.upsert({ repository, number: 7, body: `${MARKER}\n${text}`, marker: MARKER, ...more });
    return { fake, upsert };
  };

  it('writes a comment once and edits it in place', async () => {
    const { fake, upsert } = setUp();
    fake.comments.push({ id: 1, body: 'first!' });
    const { id } = await upsert('one');
    expect(await upsert('two', { id })).toEqual({ id });
    expect(fake.comments.map(({ body }) => body)).toEqual(['first!', `${MARKER}\ntwo`]);
  });

  it('finds its own by the marker, on whatever page it is', async () => {
    const { fake, upsert } = setUp();
    for (let id = 1; id <= 250; id++)
      fake.comments.push({ id, body: id === 230 ? `${MARKER}\nold` : `quoting ${MARKER}` });
    expect(await upsert('new')).toEqual({ id: '230' });
    expect(fake.comments).toHaveLength(250);
    expect(fake.requests.filter((request) => request.startsWith('GET'))).toHaveLength(3);
  });

  it('writes anew what somebody deleted', async () => {
    const { fake, upsert } = setUp();
    const { id } = await upsert('again', { id: '4711' });
    expect(fake.comments).toEqual([{ id: Number(id), body: `${MARKER}\nagain` }]);
  });

  it('takes the largest comment that there is', async () => {
    const { fake, upsert } = setUp();
    await upsert('x'.repeat(MAX_COMMENT - MARKER.length - 1));
    expect(fake.comments[0]?.body).toHaveLength(MAX_COMMENT);
  });

  it.each([
    ['a wrong token', 'canary-wrong', 'forge-denied', 'permanent'],
    ['a token that may only read', TOKENS.readToken, 'forge-denied', 'permanent'],
  ])('%s: %s', async (_, secret, code, kind) => {
    const error = await setUp(secret)
      .upsert('x')
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, kind });
    expect(everythingIn(error)).not.toContain('canary');
  });

  it('a limit says when to come back, an outage passes, and nothing is written twice', async () => {
    const { fake, upsert } = setUp();
    fake.failures.push(
      new Response('{}', { status: 429, headers: { 'retry-after': '17', 'content-type': 'application/json' } }),
    );
    await expect(upsert('x', { id: '1' })).rejects.toMatchObject({ code: 'forge-rate-limited', retryAfterSeconds: 17 });
    fake.failures.push(new Response('{}', { status: 502, headers: { 'content-type': 'application/json' } }));
    await expect(upsert('x', { id: '1' })).rejects.toMatchObject({ code: 'forge-unreachable', kind: 'transient' });
    expect(fake.comments).toEqual([]);
  });
});
