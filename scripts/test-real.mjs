// `npm run test:real [-- vitest arguments]`: runs the tests in test/real against DynamoDB Local, ElasticMQ, moto and a real
// API server, all of them started for the occasion on loopback. Needs Go, Java 17, Maven and Python.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchParts } from '../test/real/parts/fetch.ts';
import { startParts } from '../test/real/parts/start.ts';
import { runVitest } from './run-vitest.mjs';
import { withControlPlane } from './with-control-plane.mjs';

const cache = join(import.meta.dirname, '../.cache/real-parts');

const withParts = async (use) => {
  const parts = await fetchParts(cache, (line) => void process.stderr.write(`${line}\n`));
  const dir = await mkdtemp(join(cache, 'run-'));
  const running = await startParts(parts, dir);
  try {
    return await use(running.environment);
  } finally {
    await running.stop();
    await rm(dir, { recursive: true, force: true });
  }
};

// The terminal's Ctrl-C reaches vitest and the parts too; wait for them instead of leaving them behind.
process.on('SIGINT', () => undefined);
process.exitCode = await withControlPlane((cluster) => withParts((aws) => runVitest('real', { ...cluster, ...aws })));
