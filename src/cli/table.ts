import { stringify } from 'yaml';

/** A text from elsewhere, safe for a terminal: one line, no control characters. */
export const plain = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ').trim();

/** Rows below a header as aligned columns, one line each; the last column is as long as it is. */
export const table = (header: readonly string[], rows: readonly (readonly string[])[]): string => {
  const cells = [header, ...rows.map((row) => row.map(plain))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd();
  return cells.map((row) => `${line(row)}\n`).join('');
};

/** Names and values below each other; values that are empty are left out. */
export const fields = (values: readonly (readonly [name: string, value: string])[]): string => {
  const shown = values.filter(([, value]) => value !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${`${name}:`.padEnd(width + 1)}   ${plain(value)}\n`).join('');
};

/** The formats of `-o`; `table` is what is printed without it. */
export const FORMATS = ['table', 'wide', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** The server's answer as it came (json, yaml), or as `show` has it for people. */
export const formatted = (format: Format, answer: unknown, show: (wide: boolean) => string): string => {
  if (format === 'json') return `${JSON.stringify(answer, null, 2)}\n`;
  if (format === 'yaml') return stringify(answer, { lineWidth: 0, aliasDuplicateObjects: false });
  return show(format === 'wide');
};

/** The first characters of commits, as people write them. */
export const commitsOf = (revisions: readonly { commit: string }[] = []): string =>
  revisions.map(({ commit }) => commit.slice(0, 7)).join(' ');

/** Milliseconds since the epoch as a time in UTC, to the second. */
export const timeOf = (at: number | undefined): string =>
  at === undefined ? '' : new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
