import type { ApplicationRow } from './application-row.ts';
import { RESEND_SYNC_AFTER_MS } from './apply-plan.ts';

/** True where a person stopped the desired generation, and none has asked for it since. */
export const isAborted = ({ aborted, desired, syncRequested }: ApplicationRow): boolean =>
  desired !== undefined && aborted === desired.generation && syncRequested !== desired.generation;

/**
 * The row after a person stopped `rollout`: what is not applied is not begun, and an operation under way is terminated.
 * Undefined where there is nothing to stop: another rollout decides by now, it is applied, or it has ended by itself.
 */
export const abortApplication = (row: ApplicationRow, rollout: string, now: number): ApplicationRow | undefined => {
  const { desired, applied, operation, syncRequested: _syncRequested, ...rest } = row;
  if (desired?.rollout !== rollout || desired.error || row.removed || isAborted(row)) return undefined;
  if (applied?.generation === desired.generation) return undefined;
  if (operation?.generation === desired.generation && operation.stage === 'ended') return undefined;
  const kept = { ...(applied ? { applied } : {}), ...(operation ? { operation } : {}) };
  return { ...rest, ...kept, desired, aborted: desired.generation, due: now + RESEND_SYNC_AFTER_MS };
};
