import type { ApplicationRow, Compared } from './application-row.ts';
import { RESEND_SYNC_AFTER_MS } from './apply-plan.ts';
import type { ArgoSettings } from './settings/argo-settings.ts';
import { stableDigest } from './stable-digest.ts';

/** How often an application at rest is compared with its cluster where nothing else is said (seconds). */
export const COMPARE_SECONDS = 3_600;

/** What is not well, or could not be compared, is looked at again sooner (seconds). */
const SOON_SECONDS = 300;

type Row = Pick<
  ApplicationRow,
  'id' | 'desired' | 'applied' | 'compared' | 'refresh' | 'operation' | 'removed' | 'awaiting' | 'health'
>;

/** True where the application is at rest with manifests to compare it with: nothing runs, nothing is waited for. */
export const isComparable = ({ desired, removed, awaiting, operation }: Omit<Row, 'id' | 'health'>): boolean => {
  if (!desired || desired.error || removed || awaiting !== undefined) return false;
  return operation === undefined || operation.generation !== desired.generation || operation.stage === 'ended';
};

/** True where a person or a webhook asked for a comparison that has not been made yet. */
export const isAskedFor = ({ refresh, compared }: Pick<Row, 'refresh' | 'compared'>): boolean =>
  refresh !== undefined && refresh > (compared?.at ?? 0);

/**
 * When an application at rest is to be compared next (ms): at a moment of the interval that its id gives, so that a fleet
 * spreads over it; sooner while it is not well. `seconds`: the interval where the settings say none. Undefined: never
 * (interval 0, or nothing to compare).
 */
export const nextComparison = (row: Row, seconds: number): number | undefined => {
  if (!isComparable(row)) return undefined;
  if (isAskedFor(row)) return row.refresh;
  const interval = row.compared?.seconds ?? seconds;
  if (interval <= 0) return undefined;
  const isWell = row.health.status === 'Healthy' || row.health.status === 'Suspended';
  const period = 1_000 * (isWell && !row.compared?.error ? interval : Math.min(interval, SOON_SECONDS));
  const since = Math.max(row.compared?.at ?? 0, row.applied?.at ?? 0, row.desired?.plannedAt ?? 0);
  const moment = Number.parseInt(stableDigest(row.id).slice(0, 12), 16) % period;
  return since + period - ((since - moment + period) % period);
};

/** The mark of a comparison made now, or of an apply, after which everything is as desired. */
export const comparedNow = (
  row: Pick<ApplicationRow, 'desired' | 'spec'>,
  settings: ArgoSettings,
  now: number,
): Compared => {
  const seconds = settings.reconciliationSeconds;
  return { at: now, desired: desiredDigest(row, settings), ...(seconds === undefined ? {} : { seconds }) };
};

/**
 * The row with a comparison asked for, which is not made before it is at rest. `hard`: the cluster is asked about every
 * object again, also about those that are what they were when last found equal.
 */
export const requestComparison = (row: ApplicationRow, now: number, hard = false): ApplicationRow => ({
  ...row,
  ...(hard && row.compared ? { compared: { ...row.compared, desired: '' } } : {}),
  refresh: now,
  due: Math.min(row.due ?? Number.POSITIVE_INFINITY, now + RESEND_SYNC_AFTER_MS),
});

/**
 * Digest of everything that a comparison's answer hangs on besides the live objects: manifests, the application's own
 * words on comparing, the settings.
 */
export const desiredDigest = (
  { desired, spec }: Pick<ApplicationRow, 'desired' | 'spec'>,
  settings: ArgoSettings,
): string =>
  stableDigest([desired?.renderKeys, spec.specDigest, spec.ignoreDifferences, spec.annotations, settings]).slice(0, 32);
