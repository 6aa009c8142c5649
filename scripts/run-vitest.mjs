import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Runs a project's tests with these variables and this command's arguments; answers with the exit code. */
export const runVitest = async (project, environment) => {
  const program = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [program, 'run', '--project', project, ...process.argv.slice(2)];
  const env = { ...process.env, ...environment };
  const [code] = await once(spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env }), 'exit');
  return code ?? 1;
};
