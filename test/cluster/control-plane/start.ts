import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { controlPlanePrograms } from './build.ts';
import { startControlPlane } from './control-plane.ts';

/**
 * `node test/cluster/control-plane/start.ts [--dir DIR] [--audit]`: runs a control plane until it is interrupted; the first
 * line on standard output is the kubeconfig's path.
 */
const { values } = parseArgs({ options: { dir: { type: 'string' }, audit: { type: 'boolean' } } });
const cache = join(import.meta.dirname, '../../../.cache/control-plane');
const programs = await controlPlanePrograms(cache, process.env, (line) => void process.stderr.write(`${line}\n`));
await mkdir(cache, { recursive: true });
const dir = values.dir === undefined ? await mkdtemp(join(cache, 'run-')) : resolve(values.dir);
const controlPlane = await startControlPlane(programs, dir, { audit: values.audit ?? false });
process.stdout.write(`${controlPlane.kubeconfig}\n`);

const finish = async (): Promise<void> => {
  await controlPlane.stop();
  if (values.dir === undefined) await rm(dir, { recursive: true, force: true });
  process.exit(0);
};
process.once('SIGINT', () => void finish());
process.once('SIGTERM', () => void finish());
setInterval(() => undefined, 2 ** 30);
