// Installs the dependencies of a fresh clone; says one clear line where that fails. Runs on any Node from 18 on.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** True where node_modules holds what package-lock.json names. */
const isInstalled = (root) => {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed) || !existsSync(join(root, 'node_modules', 'node', 'bin', 'node'))) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const found = JSON.parse(readFileSync(installed, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || found[path]?.version === version,
  );
};

/** Installs with `npm ci` if need be; false after an error line. */
export const installDependencies = (root) => {
  if (isInstalled(root)) return true;
  process.stderr.write('towline: installing dependencies (npm ci), once …\n');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', process.stderr.fd ?? 2, 'pipe'],
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (npm.status === 0 && isInstalled(root)) return true;
  const missing =
    npm.error?.code === 'ENOENT' ? 'npm is not on PATH: install it (it comes with Node)' : npm.error?.message;
  const reason = missing ?? causeIn(npm.stderr);
  process.stderr.write(`towline: npm ci failed: ${reason}\n`);
  return false;
};

/** The line of npm's output that says what is wrong; it is preceded by codes and followed by where its log is. */
const causeIn = (text) => {
  const lines = (text ?? '').split('\n').flatMap((line) => /^npm (?:error|ERR!) (.+)/.exec(line)?.[1] ?? []);
  return (
    lines.find((line) => !/^(?:code|errno|syscall|path|dest) |A complete log/.test(line)) ?? lines[0] ?? "see npm's log"
  );
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = installDependencies(dirname(dirname(fileURLToPath(import.meta.url)))) ? 0 : 1;
}
