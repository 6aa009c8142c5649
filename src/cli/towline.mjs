#!/usr/bin/env node
// The only file that an old Node runs: it installs what is missing and goes on under the Node that the project pins.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDependencies } from '../../scripts/install.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

if (!installDependencies(root)) process.exit(1);

const node = join(root, 'node_modules', 'node', 'bin', 'node');
// node:wasi runs the program for Go templates: its being experimental is nothing that a user can act on.
// A small new space: a tenth less memory at the same CPU time.
const main = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2', join(root, 'src', 'cli', 'main.ts')];
const child = spawn(node, [...main, ...process.argv.slice(2)], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});

// Ctrl-C reaches the child by itself (same process group), `kill` does not: passed on, and the child counts both as one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`towline: cannot start ${node}: ${error.message}. Run "npm ci" in ${root}.`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
