import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../../src/cli/unified-diff.ts';

const names = { before: 'a', after: 'b' };
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** What a diff's lines say of one side. */
const side = (diff: string, other: '+' | '-'): string[] =>
  diff
    .split('\n')
    .filter((line) => /^[ +-]/.test(line) && !/^(---|\+\+\+) /.test(line) && !line.startsWith(other))
    .map((line) => line.slice(1));

describe('unifiedDiff', () => {
  it.each([
    ['equal texts', ['a', 'b'], ['a', 'b'], ''],
    ['a new text', [], ['a'], '--- a\n+++ b\n@@ -0,0 +1,1 @@\n+a\n'],
    ['a text that goes', ['a'], [], '--- a\n+++ b\n@@ -1,1 +0,0 @@\n-a\n'],
    [
      'two changes far apart',
      ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'],
      ['x', '2', '3', '4', '5', '6', '7', '8', '9', 'y'],
      '--- a\n+++ b\n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -7,4 +7,4 @@\n 7\n 8\n 9\n-10\n+y\n',
    ],
  ])('of %s', (_name, before, after, expected) => {
    expect(unifiedDiff(names, text(before), text(after))).toBe(expected);
  });

  it('keeps to its size where two long texts have nothing in common', () => {
    const [before, after] = ['a', 'b'].map((letter) => text(Array.from({ length: 5_000 }, (_, i) => `${letter}${i}`)));
    expect(unifiedDiff(names, before ?? '', after ?? '').split('\n')).toHaveLength(10_004);
  });

  it('holds both sides of what it shows, in order', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 7 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = unifiedDiff(names, text(before), text(after));
        // So short that what is not in the first hunk is left out on both sides.
        const [, hunk = ''] = diff.split('@@ -');
        expect(before.join('\n')).toContain(side(hunk, '+').join('\n'));
        expect(after.join('\n')).toContain(side(hunk, '-').join('\n'));
        expect(diff === '').toBe(before.join() === after.join());
      }),
    );
  });

  it('is what git apply takes', () => {
    const lines = (seed: number) =>
      Array.from({ length: 60 }, (_, i) => `line ${i % 7 === seed ? `changed ${seed}` : i}`);
    const dir = mkdtempSync(join(tmpdir(), 'towline-unified-'));
    try {
      writeFileSync(join(dir, 'file'), text(lines(2)));
      writeFileSync(
        join(dir, 'patch'),
        unifiedDiff({ before: 'a/file', after: 'b/file' }, text(lines(2)), text(lines(5))),
      );
      execFileSync('git', ['apply', 'patch'], { cwd: dir });
      expect(readFileSync(join(dir, 'file'), 'utf8')).toBe(text(lines(5)));
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
