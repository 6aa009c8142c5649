import { defineConfig } from 'vitest/config';

/** One project a folder of test/: `npm test` runs those that need nothing but Node and git. Hooks may start a stack too. */
const project = (
  name: string,
  options: { testTimeout?: number; fileParallelism?: boolean; isolate?: boolean; setupFiles?: string[] } = {},
) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node',
    hookTimeout: options.testTimeout ?? 10_000,
    // A machine with other work to do is no failure.
    expect: { poll: { timeout: 60_000 } },
    ...options,
  },
});

export default defineConfig({
  test: {
    // All cores: by itself it leaves one idle, which on a machine of two is half of them.
    maxWorkers: '100%',
    projects: [
      // Its tests share no state, and starting each file anew takes four times as long as running them.
      project('unit', { testTimeout: 90_000, isolate: false, setupFiles: ['test/same-seed.ts'] }),
      project('contracts', { testTimeout: 90_000 }),
      project('integration', { testTimeout: 120_000, setupFiles: ['test/same-seed.ts'] }),
      project('e2e', { testTimeout: 240_000, fileParallelism: false }),
      project('simulation', { testTimeout: 600_000 }),
      project('cluster', { testTimeout: 240_000, fileParallelism: false }),
      project('real', { testTimeout: 240_000, fileParallelism: false }),
      project('browser', { testTimeout: 240_000, fileParallelism: false }),
    ],
  },
});
