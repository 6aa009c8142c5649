import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeRepositoryURL, sameRepository } from '../../../src/domain/repository-url.ts';

const CORPUS = '../shared/corpus/webhook/cases.jsonl';

interface Case {
  id: string;
  fn?: string;
  name?: string;
  input: { webURL: string; repoURL: string };
  expect: { match: boolean };
}

const cases: Case[] = existsSync(CORPUS)
  ? readFileSync(CORPUS, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ fn }) => fn === 'webURLMatches')
  : [];

describe.skipIf(cases.length === 0)(`Argo CD's cases (${CORPUS}, skipped where it is absent)`, () => {
  it.each(cases)('$id: $name', ({ input, expect: expected }) => {
    expect(sameRepository(input.webURL, input.repoURL)).toBe(expected.match);
  });
});

describe('normalizeRepositoryURL', () => {
  it.each([
    ['https://github.com/Acme/Fleet.git', 'github.com/acme/fleet'],
    ['https://github.com/acme/fleet/', 'github.com/acme/fleet'],
    ['http://user:secret@github.com/acme/fleet', 'github.com/acme/fleet'],
    ['git@github.com:acme/fleet.git', 'github.com/acme/fleet'],
    ['git@github.com:/acme/fleet.git', 'github.com/acme/fleet'],
    ['ssh://git@github.com:22/acme/fleet', 'github.com/acme/fleet'],
    ['ssh://git@ssh.github.com:443/acme/fleet', 'github.com/acme/fleet'],
    ['git@altssh.gitlab.com:443:acme/fleet', 'gitlab.com/acme/fleet'],
    ['git@github.com:123/fleet', 'github.com/123/fleet'],
    ['https://gitlab.com/acme/team/fleet', 'gitlab.com/acme/team/fleet'],
    ['https://127.0.0.1:8080/acme/fleet', '127.0.0.1/acme/fleet'],
    ['https://[::1]:8080/acme/fleet', '[::1]/acme/fleet'],
    ['file:///srv/Git/fleet.git', '/srv/Git/fleet'],
    ['/srv/Git/fleet.git', '/srv/Git/fleet'],
  ])('%s → %s', (url, expected) => expect(normalizeRepositoryURL(url)).toBe(expected));

  it.each([
    '',
    ' ',
    'https://',
    'https://github.com',
    'https://github.com/.git',
    '-oProxyCommand=x@github.com:acme/fleet',
  ])('is undefined for %j', (url) => expect(normalizeRepositoryURL(url)).toBeUndefined());

  it('never throws and is idempotent', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (url) => {
        const normal = normalizeRepositoryURL(url);
        if (normal?.startsWith('/')) return;
        if (normal !== undefined) expect(normalizeRepositoryURL(`https://${normal}.git`)).toBe(normal);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('sameRepository', () => {
  it.each([
    ['https://github.com/acme/fleet', 'git@github.com:acme/fleet.git', true],
    ['https://github.com/acme/fleet', 'https://github.com/acme/fleet-2', false],
    ['https://github.com/acme/fleet', 'https://github.com.evil.example/acme/fleet', false],
    ['https://github.com/acme/fleet', 'https://githubxcom/acme/fleet', false],
    ['https://github.com:443/acme/fleet', 'https://github.com/acme/fleet', true],
    ['https://git.example.com:8443/acme/fleet', 'https://git.example.com/acme/fleet', true],
    ['http://127.0.0.1:8080/acme/fleet', 'http://127.0.0.1:9090/acme/fleet', false],
    ['http://127.0.0.1:8080/acme/fleet', 'ssh://git@127.0.0.1:2222/acme/fleet', true],
    ['', '', false],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(sameRepository(a, b)).toBe(expected);
    expect(sameRepository(b, a)).toBe(expected);
  });
});
