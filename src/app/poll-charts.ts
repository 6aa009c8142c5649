import type { ApplicationRow } from '../domain/application-row.ts';
import { AppError } from '../domain/errors.ts';
import type { ApplicationSource } from '../domain/fleet/application.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import type { CompiledApplication, FleetSnapshot } from '../domain/fleet/snapshot.ts';
import type { FleetRow } from '../domain/fleet-row.ts';
import type { Rollout } from '../domain/rollout.ts';
import { isExactVersion } from '../domain/sources/chart-index.ts';
import type { ChangeMessage } from '../messages/change.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Queues } from '../ports/queues.ts';
import type { Store } from '../ports/store.ts';
import { type ChartTrees, isChartSource } from './chart-trees.ts';
import { eachOf } from './each-of.ts';
import { createForcedChanges } from './forced-changes.ts';
import { loadFleet, type Snapshots } from './load-fleet.ts';
import { chartName } from './plan/tree-reader.ts';

export interface PollChartsDeps {
  fleets: Store<FleetRow>;
  applications: Pick<Store<ApplicationRow>, 'getMany'>;
  rollouts: Pick<Store<Rollout>, 'get'>;
  snapshots: Snapshots;
  charts: ChartTrees;
  queues: Pick<Queues, 'changes'>;
  clock: Clock;
  log: Log;
}

const PAGE = 100;
const ASKED_AT_ONCE = 8;
/** A plan that failed for another reason than the repository's silence is not repeated at every poll. */
const RETRY_FAILED_MS = 600_000;

/**
 * Asks for a plan of the applications whose charts stand at another version than their range means now, and of those that
 * could not be planned while a repository did not answer. Each (repository, chart, range) is asked for once; one that does
 * not answer is logged and holds up nothing.
 */
export const pollCharts = (deps: PollChartsDeps) => async (): Promise<{ changes: number }> => {
  const { file, snapshot } = await loadFleet(deps);
  const changes = await findMoved(deps, file, await deps.snapshots.load(snapshot));
  await deps.queues.changes(changes);
  return { changes: changes.length };
};

const findMoved = async (
  deps: PollChartsDeps,
  fleet: FleetFile,
  snapshot: FleetSnapshot | undefined,
): Promise<ChangeMessage[]> => {
  const moving = (snapshot?.applications ?? []).filter(({ sources }) => sources.some(isChartSource));
  const now = new Map<string, Promise<string | undefined>>();
  const changes = createForcedChanges(deps.rollouts);
  for (let at = 0; at < moving.length; at += PAGE) {
    const page = moving.slice(at, at + PAGE);
    const rows = new Map((await deps.applications.getMany(page.map(({ id }) => id))).map((row) => [row.id, row]));
    await eachOf(page, ASKED_AT_ONCE, async (application) => {
      const row = rows.get(application.id);
      if (row?.desired && (await hasMoved(deps, { fleet, now }, application, row))) await changes.add(row);
    });
  }
  return changes.messages();
};

interface Asked {
  fleet: FleetFile;
  now: Map<string, Promise<string | undefined>>;
}

const hasMoved = async (
  deps: PollChartsDeps,
  asked: Asked,
  { sources }: CompiledApplication,
  { desired }: ApplicationRow,
): Promise<boolean> => {
  if (desired?.error && !MAY_PASS.has(desired.error.code) && deps.clock() - desired.plannedAt < RETRY_FAILED_MS) {
    return false;
  }
  for (const source of sources.filter(isChartSource)) {
    const planned = desired?.revisions.find(({ chart }) => chart === chartName(source))?.commit;
    if (planned !== undefined && isExactVersion(source.targetRevision ?? '')) continue;
    const version = await versionNow(deps, asked, source);
    if (version !== undefined && version !== planned) return true;
  }
  return false;
};

const MAY_PASS: ReadonlySet<string> = new Set(['chart-repository-unreachable', 'chart-missing']);

/** Undefined: its repository does not say. */
const versionNow = (
  { charts, log }: PollChartsDeps,
  { fleet, now }: Asked,
  source: ApplicationSource,
): Promise<string | undefined> => {
  const key = JSON.stringify([source.repoURL, source.chart, source.targetRevision]);
  const known = now.get(key);
  if (known) return known;
  const asked = charts.resolve(fleet, source).then(
    ({ version }) => version,
    (error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      log.warn('poll of a chart failed', { chart: chartName(source), reason: error.message });
      return undefined;
    },
  );
  now.set(key, asked);
  return asked;
};
