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
  let stopped = false;
  const running = new Set<Promise<unknown>>();
  const run = (name: string, work: () => Promise<unknown>): void => {
    const one = work()
      .catch((error: unknown) => log.warn(`${name} failed`, { reason: error instanceof Error ? error.message : '' }))
      .finally(() => running.delete(one));
    running.add(one);
  };
  let again: NodeJS.Timeout | undefined;
  const pollWhole = async (): Promise<void> => {
    clearTimeout(again);
    const { lost } = await poll();
    if (lost && !stopped)
      again = setTimeout(() => run('poll', pollWhole), Math.min(POLL_AGAIN_MS, pollSeconds * 1_000));
  };
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
    stopped = true;
    clearTimeout(again);
    for (const timer of timers) clearInterval(timer);
    await Promise.all(running);
  };
};
