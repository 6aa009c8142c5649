// Breaks the code in one place at a time, in a temporary copy, and runs the tests that have to notice. Prints a table;
// fails where a mutant survives or does not fit the code any more. `npm run test:mutants [-- WORD]` runs those named so.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MUTANTS } from '../test/mutants/mutants.mjs';

const root = join(import.meta.dirname, '..');
const copy = mkdtempSync(join(tmpdir(), 'towline-mutants-'));
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((path) =>
    /^(src|functions|test|infra)\/|^(package\.json|serverless\.yml|tsconfig\.json|vitest\.config\.ts)$/.test(path),
  );
for (const path of files) cpSync(join(root, path), join(copy, path), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

const judge = ({ file, find, put, tests }) => {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (!text.includes(find)) return 'does not fit';
  writeFileSync(
    path,
    text.replace(find, () => put),
  );
  const { status } = spawnSync('npx', ['vitest', 'run', '--bail', '1', ...tests], { cwd: copy, timeout: 120_000 });
  writeFileSync(path, text);
  return status === 0 ? 'SURVIVES' : 'killed';
};

const chosen = MUTANTS.filter(({ name }) => name.includes(process.argv[2] ?? ''));
const results = [];
try {
  const clean = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const { status } = spawnSync('npx', ['vitest', 'run', ...clean], {
    cwd: copy,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('the tests fail without a mutant');
  for (const mutant of chosen) {
    const result = judge(mutant);
    results.push(result);
    console.log(`${result.padEnd(12)} ${mutant.name} (${mutant.file})`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
const killed = results.filter((result) => result === 'killed').length;
console.log(`mutants: ${killed} of ${results.length} killed`);
process.exit(killed === results.length ? 0 : 1);
