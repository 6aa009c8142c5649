const CONTEXT = 3;

interface Line {
  mark: ' ' | '-' | '+';
  text: string;
}

/** Beyond this many cells of the table the middle is shown as replaced whole: a diff of 5,000 × 5,000 lines helps nobody. */
const CELLS = 4_000_000;

/** Lines of `before` and `after` in one list, what is common to both once. */
const compareLines = (before: readonly string[], after: readonly string[]): Line[] => {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const rest = Math.min(before.length, after.length) - head;
  while (tail < rest && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const middle = compareMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail));
  return [...marked(' ', before.slice(0, head)), ...middle, ...marked(' ', before.slice(before.length - tail))];
};

const marked = (mark: Line['mark'], texts: readonly string[]): Line[] => texts.map((text) => ({ mark, text }));

/** By the longest common subsequence. */
const compareMiddle = (before: readonly string[], after: readonly string[]): Line[] => {
  if (before.length * after.length > CELLS) return [...marked('-', before), ...marked('+', after)];
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      lengths[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length && j < after.length) {
    const [old = '', fresh = ''] = [before[i], after[j]];
    if (old === fresh) {
      lines.push({ mark: ' ', text: old });
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      lines.push({ mark: '-', text: old });
      i += 1;
    } else {
      lines.push({ mark: '+', text: fresh });
      j += 1;
    }
  }
  return [...lines, ...marked('-', before.slice(i)), ...marked('+', after.slice(j))];
};

/** First and last line of each hunk: changes whose context touches go together. */
const hunksOf = (lines: readonly Line[]): { from: number; to: number }[] => {
  const hunks: { from: number; to: number }[] = [];
  for (const [index, { mark }] of lines.entries()) {
    if (mark === ' ') continue;
    const from = Math.max(0, index - CONTEXT);
    const to = Math.min(lines.length, index + CONTEXT + 1);
    const last = hunks.at(-1);
    if (last && from <= last.to) last.to = to;
    else hunks.push({ from, to });
  }
  return hunks;
};

const rangeOf = (start: number, count: number): string => `${count === 0 ? start : start + 1},${count}`;

const split = (text: string): string[] => {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

/**
 * The unified diff of two texts of whole lines, as `diff -u` and `patch` know it; '' where they are equal. The names stand
 * in its header.
 */
export const unifiedDiff = (names: { before: string; after: string }, before: string, after: string): string => {
  const lines = compareLines(split(before), split(after));
  const count = (some: readonly Line[], other: '+' | '-'): number => some.filter(({ mark }) => mark !== other).length;
  const hunks = hunksOf(lines).map(({ from, to }) => {
    const [above, shown] = [lines.slice(0, from), lines.slice(from, to)];
    const old = rangeOf(count(above, '+'), count(shown, '+'));
    const fresh = rangeOf(count(above, '-'), count(shown, '-'));
    return `@@ -${old} +${fresh} @@\n${shown.map(({ mark, text }) => `${mark}${text}\n`).join('')}`;
  });
  return hunks.length === 0 ? '' : `--- ${names.before}\n+++ ${names.after}\n${hunks.join('')}`;
};
