import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runLint } from '../../../src/cli/lint.ts';

/** Documents with one thing wrong in each; `expected.txt` says of each what a person is to be told. */
const FOLDER = fileURLToPath(new URL('../../fixtures/invalid', import.meta.url));
const names = (await readdir(FOLDER)).filter((name) => name !== 'expected.txt').toSorted();
const expected = new Map(
  (await readFile(join(FOLDER, 'expected.txt'), 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => [line.slice(0, line.indexOf(':')), line]),
);

/** Lints the file by itself: a fleet file beside it would have its say. */
const lint = async (name: string): Promise<{ code: number; lines: string[] }> => {
  const folder = await mkdtemp(join(tmpdir(), 'towline-invalid-'));
  let out = '';
  const write = (text: string): void => {
    out += text;
  };
  try {
    await cp(join(FOLDER, name), join(folder, name));
    const code = await runLint({ args: ['.'], cwd: folder, environment: {}, write });
    return { code, lines: out.trimEnd().split('\n').slice(0, -1) };
  } finally {
    await rm(folder, { recursive: true });
  }
};

describe('an invalid document', () => {
  it.each(names)('%s is told with file, line, field and reason', async (name) => {
    const { code, lines } = await lint(name);
    expect(lines).toEqual([expected.get(name)]);
    expect(code).toBe(lines[0]?.endsWith('(warning)') ? 0 : 1);
    expect(lines.join()).not.toMatch(/hunter2|ghp_/);
  });

  it('has its line in expected.txt, and there are enough of them', () => {
    expect([...expected.keys()].toSorted()).toEqual(names);
    expect(names.length).toBeGreaterThanOrEqual(60);
  });

  it.each([...expected.values()])('%s', (line) => {
    // What is no YAML, or is no document of its own, has a line and no field.
    expect(line).toMatch(/^[\w.-]+\.yaml:\d+: (?:[a-zA-Z]+[\w.[\]"]*: |not valid YAML: |this is a second|Aplication)/);
  });
});
