// A real API server for as long as something needs one: built with Go (or taken from KUBEBUILDER_ASSETS) for the occasion.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { controlPlanePrograms } from '../test/cluster/control-plane/build.ts';
import { startControlPlane } from '../test/cluster/control-plane/control-plane.ts';

const cache = join(import.meta.dirname, '../.cache/control-plane');

/** Calls `use` with the variables that tests find the API server by; ends it, and removes its data, afterwards. */
export const withControlPlane = async (use) => {
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
