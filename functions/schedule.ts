import { createChartTrees } from '../src/app/chart-trees.ts';
import { createSnapshots } from '../src/app/load-fleet.ts';
import { pollCharts } from '../src/app/poll-charts.ts';
import { pollRefs } from '../src/app/poll-refs.ts';
import { readFleetFile } from '../src/app/read-fleet-file.ts';
import { sweep } from '../src/app/sweep.ts';
import { publicCharts } from './wiring/charts.ts';
import { forgeRepositories } from './wiring/repositories.ts';
import { type GitRuntime, lambdaRuntime, lazily } from './wiring/runtime.ts';
import { secretsManager } from './wiring/secrets.ts';
import { createBlobs, createQueues, createStores } from './wiring/stores.ts';

/** What the minute's tick does: `sweep` repeats what is due, `poll` looks at every followed ref and at the charts. */
export const createSchedule = (runtime: GitRuntime) => {
  const blobs = createBlobs(runtime.config);
  const deps = {
    ...runtime,
    ...createStores(runtime.config),
    queues: createQueues(runtime.config),
    snapshots: createSnapshots(blobs),
    charts: createChartTrees({ openCharts: runtime.openCharts, blobs }),
  };
  const [refs, charts] = [pollRefs({ ...deps, random: Math.random }), pollCharts(deps)];
  const poll = async (): Promise<void> => {
    await refs();
    await charts();
  };
  return { sweep: sweep(deps), poll, readFleet: readFleetFile(deps) };
};

/** Every minute: reads the fleet file where it has moved, repeats what is due, and polls refs at their interval. */
export const handler = lazily(() => {
  const runtime = lambdaRuntime('schedule', secretsManager);
  const schedule = createSchedule({
    ...runtime,
    openRepository: forgeRepositories(runtime),
    openCharts: publicCharts(runtime),
  });
  let polledAt = 0;
  return async () => {
    await schedule.readFleet(runtime.config.fleetLocation);
    await schedule.sweep();
    if (runtime.clock() - polledAt < runtime.config.pollSeconds * 1_000) return;
    polledAt = runtime.clock();
    await schedule.poll();
  };
});
