import type { Log } from '../ports/log.ts';

const SWEEP_MS = 60_000;
/** How long a plan may take that makes again what a poll needs. */
const POLL_AGAIN_MS = 2_000;

interface Ticks {
  sweep: () => Promise<unknown>;
  /** Every minute, too: what generators ask of forges and plugins. */
  refreshAnswers: () => Promise<unknown>;
  /** Every minute, too: the fleet's clusters, where it has them found. */
  findClusters: () => Promise<boolean>;
  /** `lost`: it is to be repeated soon. */
  poll: () => Promise<{ lost: boolean }>;
  pollSeconds: number;
  pollAtStart: boolean;
  log: Log;
}

/** What EventBridge does in AWS: the sweep every minute, the poll at its interval and once at the start. */
export const startTicks = ({
  sweep,
  refreshAnswers,
  findClusters,
  poll,
  pollSeconds,
  pollAtStart,
  log,
}: Ticks): (() => Promise<void>) => {
  const running = new Set<Promise<unknown>>();
  const run = (name: string, work: () => Promise<unknown>): void => {
    const one = work()
      .catch((error: unknown) => log.warn(`${name} failed`, { reason: error instanceof Error ? error.message : '' }))
      .finally(() => running.delete(one));
    running.add(one);
  };
  const { pollWhole, stop } = createPolling((work) => run('poll', work), poll);
  const lookForClusters = async (): Promise<void> => {
    if (await findClusters()) await pollWhole();
  };
  run('clusters', lookForClusters);
  if (pollAtStart) run('poll', pollWhole);
  const timers = [
    setInterval(() => run('sweep', sweep), SWEEP_MS),
    setInterval(() => run('generators', refreshAnswers), SWEEP_MS),
    setInterval(() => run('clusters', lookForClusters), SWEEP_MS),
    setInterval(() => run('poll', pollWhole), pollSeconds * 1_000),
  ];
  return async () => {
    stop();
    for (const timer of timers) clearInterval(timer);
    await Promise.all(running);
  };
};

/** The poll, and soon again where it could not see all. */
const createPolling = (run: (work: () => Promise<void>) => void, poll: Ticks['poll']) => {
  let again: NodeJS.Timeout | undefined;
  let isStopped = false;
  const pollWhole = async (): Promise<void> => {
    clearTimeout(again);
    const { lost } = await poll();
    if (lost && !isStopped) again = setTimeout(() => run(pollWhole), POLL_AGAIN_MS);
  };
  const stop = (): void => {
    isStopped = true;
    clearTimeout(again);
  };
  return { pollWhole, stop };
};
