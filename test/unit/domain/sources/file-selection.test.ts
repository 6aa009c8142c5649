import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchPathGlob } from '../../../../src/domain/sources/file-selection.ts';

describe('a glob over paths', () => {
  it.each<[string, string, boolean]>([
    ['*.yaml', 'a.yaml', true],
    ['*.yaml', 'b/a.yaml', false],
    ['**/*.yaml', 'a.yaml', true],
    ['**/*.yaml', 'b/c/a.yaml', true],
    ['b/**', 'b/c/a.yaml', true],
    ['b/**/a.yaml', 'b/a.yaml', true],
    ['?.yaml', 'ab.yaml', false],
    ['[ab].yaml', 'b.yaml', true],
    ['[!ab].yaml', 'b.yaml', false],
    ['{a,b/*}.yaml', 'b/x.yaml', true],
    ['{a,b}.yaml', 'c.yaml', false],
    ['a.yaml', 'axyaml', false],
    ['a\\*.yaml', 'a*.yaml', true],
    ['a\\*.yaml', 'ab.yaml', false],
    ['{a', 'a', true],
    ['[', '[', true],
    ['(a|b)+$', '(a|b)+$', true],
  ])('%s and %s: %s', (pattern, path, matches) => {
    expect(matchPathGlob(pattern, path)).toBe(matches);
  });

  it('never fails, whatever the pattern', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a*?[\]{},\\!^/.()-]{0,12}$/), (pattern) => {
        expect(typeof matchPathGlob(pattern, 'a/b.yaml')).toBe('boolean');
      }),
    );
  });
});
