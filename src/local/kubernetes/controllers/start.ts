import type { Log } from '../../../ports/log.ts';
import type { WriteDeps } from '../writes/deps.ts';

export interface Controllers {
  stop(): void;
}

/** Starts what plays the workload controllers, the garbage collector and the namespace controller. */
export const startControllers = (_deps: WriteDeps, _log: Log): Controllers => ({ stop: () => undefined });
