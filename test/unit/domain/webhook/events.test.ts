import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { deliveryIdOf } from '../../../../src/domain/webhook/delivery-id.ts';
import { repositoriesNamed } from '../../../../src/domain/webhook/match-repository.ts';
import { identityOf, parseBody } from '../../../../src/domain/webhook/payload.ts';
import { readEvent } from '../../../../src/domain/webhook/read-event.ts';
import { commitId, creation, deletion, githubPush, gitlabPush } from '../../../fakes/webhook-deliveries.ts';

const github = (json: unknown, event = 'push') => readEvent('github', { 'X-GitHub-Event': event }, json);
const gitlab = (json: unknown, event = 'Push Hook') => readEvent('gitlab', { 'X-Gitlab-Event': event }, json);
const unchanged = { created: false, deleted: false, forced: false };
const [before, after] = [commitId('before'), commitId('after')];

describe('a push', () => {
  it.each([
    ['a commit', {}, { ...unchanged, ref: 'refs/heads/main', before, after, commit: after }],
    ['a new branch', creation, { ...unchanged, created: true, ref: 'refs/heads/main', after, commit: after }],
    ['a deleted branch', deletion, { ...unchanged, deleted: true, ref: 'refs/heads/main', before }],
    ['a branch with slashes', { ref: 'refs/heads/env/test' }, { ref: 'refs/heads/env/test', commit: after }],
    ['a ref of another kind', { ref: 'refs/pull/1/head' }, { ref: 'refs/pull/1/head', commit: after }],
    ['SHA-256', { after: 'A'.repeat(64) }, { after: 'a'.repeat(64), commit: 'a'.repeat(64) }],
    ['no ids', { before: null, after: undefined }, { ...unchanged, ref: 'refs/heads/main' }],
  ])('%s reads the same from both forges', (_, overrides, expected) => {
    const changes = [github(githubPush('acme/fleet', overrides)), gitlab(gitlabPush('acme/fleet', overrides))];
    for (const event of changes) expect(event).toMatchObject({ type: 'change', change: expected });
  });

  it('tells of force only on GitHub', () => {
    expect(github(githubPush('acme/fleet', { forced: true }))).toMatchObject({ change: { forced: true } });
  });

  it('takes the commit behind an annotated tag', () => {
    const [tag, commit] = [commitId('tag object'), commitId('tagged')];
    const tagged = { ref: 'refs/tags/v1', after: tag, before: '0'.repeat(40) };
    const expected = { type: 'change', change: { ref: 'refs/tags/v1', created: true, after: tag, commit } };
    expect(github(githubPush('a/b', { ...tagged, head_commit: { id: commit } }))).toMatchObject(expected);
    expect(gitlab(gitlabPush('a/b', { ...tagged, checkout_sha: commit }), 'Tag Push Hook')).toMatchObject(expected);
  });

  it.each(['push', 'tag_push'])('GitLab: a System Hook with %s', (kind) => {
    const event = gitlab({ ...gitlabPush('a/b'), object_kind: kind, event_name: kind }, 'System Hook');
    expect(event).toMatchObject({ type: 'change', repository: { fullName: 'a/b', id: 7 } });
  });
});

describe('what is not for us', () => {
  it.each(['ping', 'issues', 'workflow_run'])('GitHub: %s', (event) => expect(github({}, event).type).toBe('ignored'));
  it.each(['Pipeline Hook', 'System Hook'])('GitLab: %s', (event) =>
    expect(gitlab({ event_name: 'project_create' }, event).type).toBe('ignored'),
  );
});

describe('CVE-2025-59531, CVE-2025-59537, CVE-2025-59538: hostile shapes', () => {
  const bodies = [null, [], 'x', 42, {}, { ref: 'refs/heads/main' }];
  const values = [undefined, null, 42, '', 'x', [], [null], {}, true, { __proto__: null }, 'a'.repeat(3_000)];
  const fields = [
    'ref',
    'before',
    'after',
    'repository',
    'project',
    'commits',
    'head_commit',
    'checkout_sha',
    'deleted',
  ];

  it.each(bodies)('body %j', (body) => {
    expect(github(body).type).toBe('malformed');
    expect(gitlab(body).type).toBe('malformed');
  });

  it.each(fields)('%s of every wrong type is a change or malformed, never an exception', (field) => {
    for (const value of values) {
      for (const event of [
        github(githubPush('a/b', { [field]: value })),
        gitlab(gitlabPush('a/b', { [field]: value })),
      ]) {
        expect(['change', 'malformed']).toContain(event.type);
      }
    }
  });

  it.each([
    'main',
    'refs/heads/',
    'refs/stash',
    'refs/heads/a..b',
    'refs/heads/a b',
    'refs/heads/a\nb',
    'refs/heads/.a',
    'refs/heads/a.lock',
    'refs/heads/a/',
    'refs/heads/a@{1}',
    'refs/heads/a\\b',
    `refs/heads/${'a'.repeat(1_000)}`,
  ])('ref %j is malformed', (ref) => expect(github(githubPush('a/b', { ref })).type).toBe('malformed'));

  it('a ref that Git accepts is a change, also where it looks like an option', () => {
    expect(github(githubPush('a/b', { ref: 'refs/heads/--upload-pack=x' })).type).toBe('change');
  });

  it('keys named __proto__ and constructor change nothing', () => {
    const text = `{"__proto__":{"ref":"refs/heads/x","repository":{"html_url":"https://github.com/a/b"}},"constructor":1}`;
    expect(github(parseBody(Buffer.from(text))?.json).type).toBe('malformed');
    expect(identityOf(parseBody(Buffer.from(text))?.json).urls).toEqual([]);
  });

  it('a reason never repeats what was sent', () => {
    expect(github(githubPush('a/b', { ref: 'hidden' }))).toEqual({
      type: 'malformed',
      reason: expect.not.stringContaining('hidden'),
    });
  });

  it.each(['', '{', '{"a":}', '\u0000', 'nul'])('%j is not JSON', (text) =>
    expect(parseBody(Buffer.from(text))).toBeUndefined(),
  );
  it('bytes that are not UTF-8 are not JSON', () => expect(parseBody(Buffer.from([0x22, 0xff, 0x22]))).toBeUndefined());
});

describe('identityOf', () => {
  it('does not read the homepage that a GitHub owner may set', () => {
    const repository = { html_url: 'https://github.com/a/b', homepage: 'https://github.com/victim/repo' };
    expect(identityOf({ repository }).urls).toEqual(['https://github.com/a/b']);
  });
  it('reads the older block of GitLab', () => {
    const repository = { homepage: 'https://gitlab.com/a/b', url: 'git@gitlab.com:a/b.git' };
    expect(identityOf({ object_kind: 'push', repository }).urls).toEqual([
      'git@gitlab.com:a/b.git',
      'https://gitlab.com/a/b',
    ]);
  });
});

describe('repositoriesNamed', () => {
  it('puts the very URL first', () => {
    const configs = ['git@github.com:acme/fleet.git', 'https://github.com/acme/fleet', 'https://github.com/acme/x'].map(
      (url) => ({ url, forge: 'github' as const }),
    );
    const named = repositoriesNamed(configs, { urls: ['https://github.com/acme/fleet'] });
    expect(named.map(({ url }) => url)).toEqual(['https://github.com/acme/fleet', 'git@github.com:acme/fleet.git']);
  });
});

describe('deliveryIdOf', () => {
  const change = { ...unchanged, ref: 'refs/heads/main', after };
  it.each([
    ['github', { 'X-GitHub-Delivery': 'd', 'X-GitHub-Hook-ID': '9' }, 'repo 9 d'],
    ['github', { 'x-github-delivery': 'd' }, 'repo d'],
    ['github', {}, undefined],
    ['gitlab', { 'Idempotency-Key': 'k', 'webhook-id': 'w' }, 'repo k'],
    ['gitlab', { 'webhook-id': 'w', 'X-Gitlab-Event-UUID': 'u' }, 'repo w'],
    ['gitlab', { 'X-Gitlab-Event-UUID': 'u' }, `repo u+refs/heads/main+${after}`],
    ['gitlab', {}, undefined],
  ] as const)('%s %j', (forge, headers, expected) =>
    expect(deliveryIdOf(forge, headers, 'repo', change)).toBe(expected),
  );
  it('stores a strange id as its digest', () => {
    const id = deliveryIdOf('github', { 'x-github-delivery': 'a b'.repeat(500) }, 'repo', change);
    expect(id).toMatch(/^repo sha256:[0-9a-f]{64}$/);
  });
});

const CORPUS = '../shared/corpus/webhook/cases.jsonl';
const FORGES: Record<string, 'github' | 'gitlab'> = { 'X-GitHub-Event': 'github', 'X-Gitlab-Event': 'gitlab' };

interface Case {
  id: string;
  fn: string;
  input: { header: Record<string, string>; payload: unknown };
  expect: { ignored?: boolean; events?: { repoURL: string; revision: string }[] };
}

const cases: Case[] = existsSync(CORPUS)
  ? readFileSync(CORPUS, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ fn }) => fn === 'event')
  : [];
const forgeOf = ({ input }: Case) => FORGES[Object.keys(input.header)[0] ?? ''];

describe.skipIf(cases.length === 0)(`Argo CD's payloads (${CORPUS}, skipped where it is absent)`, () => {
  it.each(cases.filter(forgeOf))('$id', (one) => {
    const event = readEvent(forgeOf(one) ?? 'github', one.input.header, one.input.payload);
    const [expected] = one.expect.events ?? [];
    expect(event.type).toBe(expected ? 'change' : 'ignored');
    if (event.type !== 'change' || !expected) return;
    expect(event.repository.urls).toContain(expected.repoURL);
    expect(event.change.ref).toMatch(new RegExp(`^refs/(heads|tags)/${expected.revision}$`));
  });
  // Other forges' formats (Bitbucket, Gogs, Azure DevOps) are not ours: their repositories are polled.
  it.each(cases.filter((one) => !forgeOf(one)))('not ours, so malformed: $id', ({ input }) => {
    expect(readEvent('github', input.header, input.payload).type).toBe('malformed');
  });
});
