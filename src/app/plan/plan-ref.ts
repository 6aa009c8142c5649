import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import { followedSources } from '../../domain/fleet/followed-sources.ts';
import { environmentsOf, type FleetRow } from '../../domain/fleet-row.ts';
import type { PlanOutcome, RefRow } from '../../domain/ref-row.ts';
import { sameRepository } from '../../domain/repository-url.ts';
import { distinctOthers } from '../../domain/sources/moving-other.ts';
import { createTakesFrom, takesFrom } from '../../domain/tracking-ref.ts';
import type { ChangeMessage } from '../../messages/change.ts';
import type { Repository, Tree } from '../../ports/repository.ts';
import { registryMark } from '../registry/read-registrations.ts';
import { createFactsOf, type FactsOf } from './cluster-facts.ts';
import { type Compiled, compileAt } from './compile-at.ts';
import { type DeliveredRollouts, deliveredRollouts } from './delivered-rollouts.ts';
import type { PlanDeps } from './deps.ts';
import { findAffected } from './find-affected.ts';
import { giveUpLost } from './give-up-lost.ts';
import { letGo } from './hold-at-gone.ts';
import { joinRollouts, nextRolloutId, openRollout, planRollout } from './open-rollout.ts';
import { judgeKnown, refuseKnown } from './refuse-known.ts';
import { reportGone } from './report-gone.ts';
import { startRenders } from './request-renders.ts';
import { createTreeReader, type TreeReader } from './tree-reader.ts';
import { type WrittenApplication, writeDesired } from './write-desired.ts';

export interface PlanResult extends PlanOutcome {
  /** The fleet as it is after this plan. */
  fleet: FleetRow;
}

interface PlanInput {
  row: RefRow;
  owner: string;
  hint: ChangeMessage;
  fleet: FleetRow;
  /** Called before the first row of an application is written. */
  onWrite: () => void;
}

/**
 * Plans one ref at its head as it is now: compiles the fleet if the ref is the fleet's, finds exactly the affected
 * applications, writes what each must become, opens the rollout and asks for what has to be rendered.
 * Every step may be repeated: a crashed plan is taken up under the same rollout.
 */
export const planRef =
  (deps: PlanDeps) =>
  async ({ row, owner, hint, fleet, onWrite }: PlanInput): Promise<PlanResult> => {
    const config = fleet.file.repositories.find(({ url }) => sameRepository(url, row.repository));
    if (!config) return { fleet, head: row.head, snapshot: row.snapshot, index: row.index, ...othersOf(row) };
    const repository = deps.openRepository(config);
    if (!(await isFollowed(deps, { row, fleet, repository }))) return { fleet, snapshot: fleet.snapshot };
    const head = await repository.resolve(row.ref);
    if (head === undefined) return gone(deps, row, fleet, repository);
    if (isPlanned(row, head, fleet) && !(await isRegistryAhead(deps, fleet, row, repository))) {
      return { fleet, head, snapshot: row.snapshot, index: row.index, ...othersOf(row), rollout: row.rollout };
    }
    return planHead(deps, { row, owner, hint, fleet, onWrite, config, repository, head });
  };

const othersOf = ({ others }: RefRow): Pick<PlanResult, 'others'> => (others ? { others } : {});

/** Refs that nothing is taken from (people's own branches) are not even read; they get no rollout and no status. */
const isFollowed = async (
  deps: PlanDeps,
  { row, fleet, repository }: { row: RefRow; fleet: FleetRow; repository: Repository },
): Promise<boolean> => {
  const at = { repository: row.repository, ref: row.ref, defaultBranch: await repository.defaultBranch() };
  if (takesFrom(fleet.file.source, at)) return true;
  const snapshot = await deps.snapshots.load(fleet.snapshot);
  return snapshot === undefined || followedSources(fleet.file, snapshot).some(createTakesFrom(at));
};

/** A deleted ref prunes nothing: the row remembers that it is gone, and its last commit is told. */
const gone = async (deps: PlanDeps, row: RefRow, fleet: FleetRow, repository: Repository): Promise<PlanResult> => {
  await giveUpLost(deps, row);
  const rollout = await reportGone(deps, { row, fleet, repository });
  const isGone = row.gone === true || row.head !== undefined;
  const rest = { snapshot: row.snapshot, index: row.index, ...othersOf(row), rollout: rollout ?? row.rollout };
  return { fleet, ...rest, ...(isGone ? { gone: true } : {}) };
};

const isPlanned = (row: RefRow, head: string, fleet: FleetRow): boolean =>
  row.head === head &&
  row.snapshot !== undefined &&
  row.snapshot === fleet.snapshot &&
  !row.unread &&
  !row.stale &&
  !row.unfinished &&
  !row.forced?.length;

/** Whether applications delivered something that the fleet, which is compiled from this ref, was not compiled with yet. */
const isRegistryAhead = async (
  deps: PlanDeps,
  fleet: FleetRow,
  { repository: url, ref }: RefRow,
  repository: Repository,
): Promise<boolean> => {
  const isOwn = takesFrom(fleet.file.source, { repository: url, ref, defaultBranch: await repository.defaultBranch() });
  return isOwn && (fleet.registered ?? 0) !== (await registryMark(deps));
};

type HeadInput = PlanInput & { config: RepositoryConfig; repository: Repository; head: string };

const RETRY_UNREAD_MS = 60_000;

const planHead = async (deps: PlanDeps, input: HeadInput): Promise<PlanResult> => {
  const { row, head, config, repository, fleet } = input;
  const at = { repository: config.url, ref: row.ref, commit: head };
  const tree = await repository.listTree(head);
  const defaultBranch = await repository.defaultBranch();
  const trees = createTreeReader(deps, fleet, { ...at, tree });
  const trustsRows = row.unfinished === true;
  const compiled = await compileAt(deps, { fleet, at, owner: row.id, trees, defaultBranch, trustsRows });
  try {
    return await planCompiled(deps, input, { at, tree, defaultBranch, trees, compiled });
  } catch (error) {
    await compiled.abandon();
    throw error;
  }
};

interface Stand {
  at: { repository: string; ref: string; commit: string };
  tree: Tree;
  defaultBranch: string | undefined;
  trees: TreeReader;
  compiled: Compiled;
}

const planCompiled = async (deps: PlanDeps, input: HeadInput, stand: Stand): Promise<PlanResult> => {
  const { row } = input;
  const { compiled } = stand;
  const force = row.forced ?? [];
  const rollout = rolloutOf(input);
  // Pending goes out while the plan is made.
  const opened = rollout.isNewHead ? openRollout(deps, openingOf(input, rollout.id)) : Promise.resolve();
  // Its failure is thrown where it is awaited; should the plan fail before that, one error is enough.
  opened.catch(() => undefined);
  // Who syncs an application reads its rules off the fleet: this commit's are live before any of its rows is written.
  await compiled.publishRules();
  const { applications, index, unjudged } = await lookAround(deps, row, stand);
  input.onWrite();
  const renders = startRenders(deps, { affected: applications, again: force.length > 0, origin: row.origin });
  const delivered = await deliveredRollouts(deps, compiled, rollout.isNewHead);
  const written = await writeDesired(deps, {
    ref: row,
    owner: input.owner,
    rollout: rollout.id,
    delivered,
    compiled,
    affected: applications,
    unjudged,
    force,
    isRepair: rollout.isRepair,
    onWritten: renders.written,
  });
  const told = tellRollouts(deps, input, { rollout, opened, compiled, written, delivered });
  const [isRollout] = await Promise.all([told, renders.finish(written)]);
  // Whoever says that something is stale may miss the snapshot itself, which this process may still know.
  if (row.stale) await deps.snapshots.store(compiled.snapshot);
  if (row.gone) await letGo(deps, row, { snapshot: compiled.snapshot, defaultBranch: stand.defaultBranch });
  return {
    fleet: compiled.fleet,
    head: input.head,
    snapshot: compiled.snapshot.digest,
    index: await deps.indexes.store(index),
    others: distinctOthers(Object.values(index.entries).flatMap(({ others }) => others ?? [])),
    rollout: isRollout ? rollout.id : row.rollout,
    ...(compiled.unread ? { retryAt: deps.clock() + RETRY_UNREAD_MS } : {}),
  };
};

/** What the head affects, and what of it is known to be refused. */
const lookAround = async (deps: PlanDeps, row: RefRow, stand: Stand) => {
  // What a plan that died has written is of a head that may be another: then every application is looked at.
  const known = await deps.indexes.load(row.unfinished ? undefined : row.index);
  const looking = { ...stand, ...factsIn(deps, true), toolVersions: deps.toolVersions };
  const { applications, index } = await findAffected({ ...looking, index: known, force: row.forced ?? [] });
  const { fleet, snapshot } = stand.compiled;
  const verdicts = await judgeKnown(deps, applications, { file: fleet.file, projects: snapshot.projects });
  refuseKnown(applications, verdicts);
  return { applications, index, unjudged: verdicts.unknown };
};

interface Telling {
  rollout: ReturnType<typeof rolloutOf>;
  opened: Promise<void>;
  compiled: Compiled;
  written: readonly WrittenApplication[];
  delivered: DeliveredRollouts;
}

/** Writes down what the rollouts consist of, then makes the fleet live; true where the plan has a rollout of its own. */
const tellRollouts = async (
  deps: PlanDeps,
  input: HeadInput,
  { rollout, opened, compiled, written, delivered }: Telling,
): Promise<boolean> => {
  const isMended = input.row.unread === true && !compiled.unread;
  const joining = new Set(delivered.values());
  const own = written.filter((one) => !joining.has(one.rollout));
  const isRollout = rollout.isNewHead || ((own.length > 0 || isMended) && !rollout.isRepair);
  if (isRollout && !rollout.isNewHead) await openRollout(deps, openingOf(input, rollout.id));
  const environments = environmentsOf(input.fleet.file);
  await opened;
  const { problems, removed } = compiled;
  if (isRollout) await planRollout(deps, { id: rollout.id, written: own, removed, problems, environments });
  await joinRollouts(deps, { rollouts: delivered, written, deliveredBy: compiled.deliveredBy });
  await compiled.commit();
  return isRollout;
};

/** How charts see their clusters. */
export const factsIn = ({ clusterFacts }: PlanDeps, mayAsk: boolean): { factsOf?: FactsOf } =>
  clusterFacts ? { factsOf: createFactsOf(clusterFacts, { mayAsk }) } : {};

/** A commit that was planned before keeps its rollout and statuses unless something really changes. */
const rolloutOf = ({ row, head }: HeadInput): { id: string; isNewHead: boolean; isRepair: boolean } => {
  const isNewHead = row.head !== head;
  const isRepair = !isNewHead && (row.forced ?? []).length > 0 && row.rollout !== undefined;
  const id = isRepair && row.rollout ? row.rollout : nextRolloutId(row, head);
  return { id, isNewHead, isRepair };
};

const openingOf = ({ row, hint, head, config, fleet }: HeadInput, id: string) => ({
  id,
  at: { repository: config.url, ref: row.ref, commit: head },
  cause: hint.cause,
  generation: row.generation + 1,
  environments: environmentsOf(fleet.file),
  before: row.rollout,
  origin: row.origin,
});
