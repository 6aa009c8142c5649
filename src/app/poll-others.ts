import { AppError } from '../domain/errors.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import type { FleetRow } from '../domain/fleet-row.ts';
import { followedRefs } from '../domain/followed-refs.ts';
import { type RefRow, refId } from '../domain/ref-row.ts';
import { sameRepository } from '../domain/repository-url.ts';
import { type MovingOther, otherName } from '../domain/sources/moving-other.ts';
import { shownURL } from '../domain/sources/other-trees.ts';
import type { ChangeMessage } from '../messages/change.ts';
import type { Log } from '../ports/log.ts';
import type { Queues } from '../ports/queues.ts';
import type { OpenRepository } from '../ports/repository.ts';
import type { Store } from '../ports/store.ts';
import { type ChartTrees, isChartSource } from './chart-trees.ts';
import { eachOf } from './each-of.ts';
import { loadFleet, type Snapshots } from './load-fleet.ts';
import type { PlanIndexes } from './plan/plan-index-store.ts';

export interface PollOthersDeps {
  fleets: Store<FleetRow>;
  refs: Pick<Store<RefRow>, 'getMany'>;
  snapshots: Snapshots;
  indexes: Pick<PlanIndexes, 'load'>;
  charts: ChartTrees;
  openRepository: OpenRepository;
  queues: Pick<Queues, 'changes'>;
  log: Log;
}

/**
 * Asks for a plan of the applications that read something of elsewhere which stands at another version or commit by now: a
 * chart that a chart depends on by a range, a remote base at a branch, a file at a URL. Each is asked for once, whoever reads it; what does
 * not answer is logged and moves nobody. Errors: the stores'.
 */
export const pollOthers = (deps: PollOthersDeps) => async (): Promise<{ changes: number }> => {
  const fleet = await loadFleet(deps);
  const rows = await plannedRefs(deps, fleet);
  const reading = rows.filter(({ others }) => others !== undefined);
  const now = await standNow(
    deps,
    fleet.file,
    reading.flatMap(({ others = [] }) => others),
  );
  const hasMoved = (other: MovingOther): boolean => {
    const at = now.get(otherName(other));
    return at !== undefined && at !== other.at;
  };
  const changes: ChangeMessage[] = [];
  for (const row of reading.filter(({ others }) => others?.some(hasMoved))) {
    const { entries } = await deps.indexes.load(row.index);
    const applications = Object.entries(entries).flatMap(([id, { others }]) => (others?.some(hasMoved) ? [id] : []));
    const { repository, ref } = row;
    if (applications.length > 0) changes.push({ version: 1, repository, ref, cause: 'poll', applications });
  }
  await deps.queues.changes(changes);
  return { changes: changes.length };
};

/** Of every ref that some source is taken from, the row of its last plan. */
const plannedRefs = async (deps: PollOthersDeps, { file, snapshot }: FleetRow): Promise<RefRow[]> => {
  const loaded = await deps.snapshots.load(snapshot);
  const sources = loaded?.applications.flatMap((one) => one.sources) ?? [];
  const ids = await Promise.all(
    file.repositories.map(async (config) => {
      const known = await refsOf(deps, config);
      if (!known) return [];
      return followedRefs(sources, { url: config.url, ...known }).map((ref) => refId(config.url, ref));
    }),
  );
  return deps.refs.getMany(ids.flat());
};

type Refs = { defaultBranch: string | undefined; refs: string[]; commits: ReadonlyMap<string, string> };

/** Undefined: the repository does not answer, which the poll of refs has told. */
const refsOf = async (
  { openRepository }: PollOthersDeps,
  config: FleetFile['repositories'][number],
): Promise<Refs | undefined> => {
  try {
    const repository = openRepository(config);
    const [defaultBranch, commits] = [await repository.defaultBranch(), await repository.listRefs()];
    return { defaultBranch, refs: [...commits.keys()], commits };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return undefined;
  }
};

/** A file at a URL is downloaded to know where it stands: so many are in memory at once. */
const ASKED_AT_ONCE = 8;

/** Where each thing stands now, by its name; what nobody can tell is missing. */
const standNow = async (
  deps: PollOthersDeps,
  file: FleetFile,
  others: readonly MovingOther[],
): Promise<Map<string, string>> => {
  const distinct = new Map(others.map((other) => [otherName(other), other]));
  const now = new Map<string, string>();
  await eachOf([...distinct], ASKED_AT_ONCE, async ([name, other]) => {
    try {
      const at = isChartSource(other) ? await versionNow(deps, file, other) : await commitNow(deps, file, other);
      if (at !== undefined) now.set(name, at);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const what = otherName({ ...other, repoURL: shownURL(other.repoURL) });
      deps.log.warn('poll of what a source reads elsewhere failed', { other: what, reason: error.message });
    }
  });
  return now;
};

const versionNow = async ({ charts }: PollOthersDeps, file: FleetFile, other: MovingOther): Promise<string> =>
  (await charts.resolve(file, other)).version;

const commitNow = async (deps: PollOthersDeps, file: FleetFile, other: MovingOther): Promise<string | undefined> => {
  const config = file.repositories.find(({ url }) => sameRepository(url, other.repoURL));
  const known = config && (await refsOf(deps, config));
  const refs = known ? followedRefs([other], { url: config.url, ...known }) : [];
  return refs.map((ref) => known?.commits.get(ref)).find((commit) => commit !== undefined);
};
