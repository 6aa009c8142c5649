import { type ConnectClusterDeps, connectCluster } from '../src/adapters/kubernetes/connect-cluster.ts';
import { createChartTrees } from '../src/app/chart-trees.ts';
import { findClusters } from '../src/app/find-clusters.ts';
import { refreshAnswers } from '../src/app/generators/refresh-answers.ts';
import { listedOnce } from '../src/app/listed-once.ts';
import { createSnapshots } from '../src/app/load-fleet.ts';
import { createPlanIndexes } from '../src/app/plan/plan-index-store.ts';
import { pollCharts } from '../src/app/poll-charts.ts';
import { pollFacts } from '../src/app/poll-facts.ts';
import { pollOthers } from '../src/app/poll-others.ts';
import { pollRefs } from '../src/app/poll-refs.ts';
import { readFleetFile } from '../src/app/read-fleet-file.ts';
import { sweep, sweepClusters } from '../src/app/sweep.ts';
import { watchHooks } from '../src/app/watch-hooks.ts';
import { publicCharts } from './wiring/charts.ts';
import { clusterDirectory } from './wiring/cluster-directory.ts';
import { correlation } from './wiring/correlation.ts';
import { eksClients } from './wiring/eks.ts';
import { forgeHooks } from './wiring/forge-reporting.ts';
import { generatorProviders } from './wiring/generators.ts';
import { forgeRepositories } from './wiring/repositories.ts';
import { type GitRuntime, lambdaRuntime, lazily } from './wiring/runtime.ts';
import { secretsManager } from './wiring/secrets.ts';
import { createBlobs, createFactsQueue, createQueues, createStores } from './wiring/stores.ts';

/** The kinds of cluster access that only one machine has. */
type LocalClusters = Pick<ConnectClusterDeps, 'embedded' | 'readFile' | 'runCommand'>;

/**
 * What the minute's tick does: `sweep` repeats what is due, `poll` looks at every followed ref and at the charts,
 * `refreshAnswers` at what generators ask of forges and plugins, `findClusters` at the fleet's sources of clusters.
 */
export const createSchedule = (runtime: GitRuntime, local: LocalClusters = {}) => {
  const blobs = createBlobs(runtime.config);
  const deps = {
    ...runtime,
    ...createStores(runtime.config),
    queues: createQueues(runtime.config),
    correlation,
    snapshots: createSnapshots(blobs),
    charts: createChartTrees({ openCharts: runtime.openCharts, blobs }),
  };
  const listed = listedOnce(deps.openRepository);
  const polled = { ...deps, openRepository: listed.openRepository };
  const [refs, charts] = [pollRefs({ ...polled, random: Math.random }), pollCharts(deps)];
  const hooks = watchHooks({ ...deps, readHooks: forgeHooks(runtime) });
  const others = pollOthers({ ...polled, indexes: createPlanIndexes(blobs) });
  const providers = generatorProviders(runtime);
  const answers = refreshAnswers({ ...deps, ...providers, blobs });
  const poll = async (): Promise<{ lost: boolean }> => {
    listed.forget();
    const { lost = false } = await refs();
    await charts();
    await others();
    await hooks();
    return { lost };
  };
  const connect = connectCluster({ clock: runtime.clock, random: Math.random, aws: eksClients, ...local });
  const facts = pollFacts(deps);
  const sweeps = [sweep(deps), sweepClusters({ ...deps, askFacts: createFactsQueue(runtime.config) })];
  return {
    sweep: async () => {
      for (const one of sweeps) await one();
      await facts();
    },
    poll,
    refreshAnswers: () => answers(),
    readFleet: readFleetFile(deps),
    findClusters: findClusters({ ...deps, connect, directory: clusterDirectory(runtime) }),
  };
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
    const moved = await schedule.findClusters();
    await schedule.sweep();
    await schedule.refreshAnswers();
    if (!moved && runtime.clock() - polledAt < runtime.config.pollSeconds * 1_000) return;
    const now = runtime.clock();
    const { lost } = await schedule.poll();
    if (!lost) polledAt = now;
  };
});
