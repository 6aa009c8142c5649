import { describe, expect, it } from 'vitest';
import { readPattern } from '../../../../../src/domain/fleet/applicationset/generators/patterns.ts';

describe('a filter’s pattern, as Go reads it', () => {
  it.each<[string | undefined, string, boolean]>([
    [undefined, 'anything', true],
    ['^feature/', 'feature/x', true],
    ['(?i)^FEATURE', 'feature/x', true],
    ['^(?P<team>[a-z]+)-', 'red-1', true],
    [String.raw`\Amain\z`, 'main', true],
    [String.raw`\Amain\z`, 'main-z', false],
    [String.raw`\A`, 'A', true],
    ['^[[:alpha:]]+-[[:digit:]]+$', 'JIRA-12', true],
    ['^[[:alpha:]]+$', 'a:', false],
    [String.raw`^\Qa.b(\E$`, 'a.b(', true],
    [String.raw`^\Qa.b`, 'axb', false],
    [String.raw`^release\-v?\d+\.\d+$`, 'release-v1.2', true],
    [String.raw`^\p{Lu}`, 'Äpfel', true],
    [String.raw`a\\z`, String.raw`a\z`, true],
  ])('%s on %s: %s', (pattern, text, isMatch) => {
    expect(readPattern(pattern).test(text)).toBe(isMatch);
  });

  it.each(['(?!main)', '(?<=a)b', String.raw`(a)\1`, '(', '[a'])('%s is none', (pattern) => {
    expect(() => readPattern(pattern)).toThrow(`error compiling filter "${pattern}"`);
  });
});
