// `npm run test:cluster [-- vitest arguments]`: runs the tests in test/cluster against a real API server: the one of
// KUBECONFIG where that is set, else a control plane built with Go (or taken from KUBEBUILDER_ASSETS) for the occasion.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { controlPlanePrograms } from '../test/cluster/control-plane/build.ts';
import { startControlPlane } from '../test/cluster/control-plane/control-plane.ts';

const root = join(import.meta.dirname, '..');

const vitest = async (environment) => {
  const program = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [program, 'run', '--project', 'cluster', ...process.argv.slice(2)];
  const env = { ...process.env, ...environment };
  const [code] = await once(spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env }), 'exit');
  return code ?? 1;
};

const withControlPlane = async (use) => {
  const cache = join(root, '.cache/control-plane');
  const programs = await controlPlanePrograms(cache, process.env, (line) => void process.stderr.write(`${line}\n`));
  await mkdir(cache, { recursive: true });
  const dir = await mkdtemp(join(cache, 'run-'));
  const controlPlane = await startControlPlane(programs, dir, { audit: true });
  try {
    return await use({ KUBECONFIG: controlPlane.kubeconfig, TEST_CLUSTER_CONTROLLERS: String(programs.controllers) });
  } finally {
    await controlPlane.stop();
    await rm(dir, { recursive: true, force: true });
  }
};

// The terminal's Ctrl-C reaches vitest and the control plane too; wait for them instead of leaving them behind.
process.on('SIGINT', () => undefined);
process.exitCode = await (process.env.KUBECONFIG ? vitest({}) : withControlPlane(vitest));
