import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchPath } from '../../../src/domain/fleet/path-match.ts';
import { matchGlob } from '../../../src/domain/settings/glob.ts';
import { matchPathGlob } from '../../../src/domain/sources/file-selection.ts';

/** The same pattern as a regular expression, which says the same, though not always soon. */
const asExpression = (pattern: string, any: string): RegExp =>
  new RegExp(
    `^${pattern.replace(/[*?{},.]/g, (one) => ({ '*': `${any}*`, '?': any, '{': '(?:', '}': ')', ',': '|', '.': '\\.' })[one] ?? one)}$`,
    's',
  );

const word = fc.stringMatching(/^[ab*?.]{0,4}$/);
const group = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => `{${words.join(',')}}`);
const pattern = fc
  .array(fc.oneof(word, group, fc.constant('/')), { maxLength: 4 })
  .map((parts) => parts.join(''))
  .filter((text) => !text.includes('**'));
const text = fc.stringMatching(/^[ab./]{0,8}$/);

describe('patterns of repositories', () => {
  it('mean what the regular expression means', () => {
    fc.assert(
      fc.property(pattern, text, (glob, path) => {
        expect(matchGlob(glob, path)).toBe(glob === path || asExpression(glob, '.').test(path));
        expect(matchPathGlob(glob, path)).toBe(asExpression(glob, '[^/]').test(path));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are done with soon, whatever they say', () => {
    const start = performance.now();
    const path = 'a'.repeat(4_000);
    for (const hostile of [
      `${'*a'.repeat(60)}b`,
      `${'{a,a}'.repeat(100)}b`,
      `${'{a*,*a}'.repeat(30)}b`,
      `${'**/'.repeat(60)}b`,
    ]) {
      expect([matchGlob, matchPathGlob, matchPath].map((match) => match(hostile, path))).toEqual([false, false, false]);
    }
    // A regular expression would not end within this machine's life.
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
