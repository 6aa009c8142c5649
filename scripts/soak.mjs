// Plays many more random histories than CI does, and kills the worker at every single call of the scenarios:
//   npm run soak -- --seeds 100000
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '20000' } } });
const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'simulation', '--testTimeout', '86400000'], {
  stdio: 'inherit',
  env: { ...process.env, TOWLINE_SEEDS: values.seeds, TOWLINE_SOAK: '1' },
});
process.exit(status ?? 1);
