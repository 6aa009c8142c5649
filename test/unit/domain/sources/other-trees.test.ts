import { describe, expect, it } from 'vitest';
import { parseBase } from '../../../../src/domain/sources/other-trees.ts';

describe('a remote entry of a kustomization', () => {
  it.each<[string, string[][], string?]>([
    ['https://git.example/acme/base//overlays/prod?ref=v1', [['https://git.example/acme/base', 'overlays/prod']], 'v1'],
    ['github.com/acme/base//x?ref=main', [['https://github.com/acme/base', 'x']], 'main'],
    ['git@git.example:acme/base.git//x?version=1.0', [['git@git.example:acme/base.git', 'x']], '1.0'],
    ['git::https://git.example/acme/base.git/x/y', [['https://git.example/acme/base.git', 'x/y']]],
    [
      'https://git.example/acme/team/base/x',
      [
        ['https://git.example/acme/team', 'base/x'],
        ['https://git.example/acme/team/base', 'x'],
        ['https://git.example/acme/team/base/x', ''],
      ],
    ],
    ['github.com/acme/base?ref=abc&timeout=90s', [['https://github.com/acme/base', '']], 'abc'],
  ])('%s', (entry, candidates, targetRevision) => {
    expect(parseBase(entry)).toEqual({
      type: 'base',
      candidates: candidates.map(([repoURL, path]) => ({ repoURL, path })),
      ...(targetRevision ? { targetRevision } : {}),
    });
  });

  it.each(['https://git.example/x.yaml', 'https://git.example', 'https://raw.example/a/b/c.json?ref=1'])(
    '%s is no base',
    (entry) => {
      expect(parseBase(entry)).toBeUndefined();
    },
  );
});
