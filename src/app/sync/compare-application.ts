import type { ApplicationRow, Compared, ResourceState } from '../../domain/application-row.ts';
import { comparedNow, desiredDigest } from '../../domain/comparison.ts';
import { readCompareOptions } from '../../domain/diff/compare-options.ts';
import { contentDigest } from '../../domain/diff/content-digest.ts';
import { ignoreRulesFor } from '../../domain/diff/ignore-rules.ts';
import { AppError } from '../../domain/errors.ts';
import type { ClusterConfig } from '../../domain/fleet/fleet-file.ts';
import type { AppProject } from '../../domain/fleet/project.ts';
import { permitsObject } from '../../domain/fleet/project-rules.ts';
import { assessHealth } from '../../domain/health/health.ts';
import { type KubernetesObject, refOf, resourceKey } from '../../domain/kubernetes-object.ts';
import type { ArgoSettings } from '../../domain/settings/argo-settings.ts';
import { isRivalled, rivalSeen, writtenAt } from '../../domain/sync/second-writer.ts';
import type { Target } from '../../domain/sync/sync-operation.ts';
import { prepareTargets } from '../../domain/sync/targets.ts';
import { isOwn } from '../../domain/sync/tracking.ts';
import type { ClusterConnection } from '../../ports/cluster.ts';
import { compareTargets, type TargetComparison } from './compare-targets.ts';
import type { SyncDeps } from './deps.ts';
import { foldLive } from './fold-live.ts';
import { loadManifests } from './load-manifests.ts';
import type { Advance } from './look.ts';
import { findOrphans } from './orphaned.ts';
import { type Live, readLive } from './read-live.ts';

export interface ComparisonInput {
  row: ApplicationRow;
  cluster: ClusterConfig;
  project: AppProject | undefined;
  settings: ArgoSettings;
  adopt: boolean;
  /** The desired manifests are those that are applied, under other render keys: what is known of the objects holds. */
  isUnchanged?: boolean;
}

/** All comparisons of a worker share one session: they take turns as one, so that syncs are not held up by them. */
const SESSION = 'towline-comparison';

/**
 * Compares an application at rest with its cluster: which objects differ from what is desired, which are left over, and
 * how healthy they are, for its row. Writes nothing. An object that is still what it was when it was last found equal is
 * not asked about again. What cannot be read now makes the status Unknown and is tried again soon.
 */
export const compareApplication = async (deps: SyncDeps, input: ComparisonInput): Promise<Advance> => {
  const compared: Compared = comparedNow(input.row, input.settings, deps.clock());
  try {
    const connection = await deps.connect(input.cluster, SESSION, input.row.id);
    const { row } = input;
    const known = row.compared?.desired === basisOf(input) ? row.resources : [];
    const seen = await readLive(connection, seenRefs(row));
    const quick = quickly(deps, input, known, seen);
    if (quick) return conclude(deps, input, { connection, compared, resources: quick, live: seen });
    const manifests = await loadManifests(deps, row);
    if ('advance' in manifests) return manifests.advance;
    const resources = await thoroughly(deps, { ...input, connection, known, objects: manifests.objects }, seen);
    return await conclude(deps, input, { connection, compared, resources, live: seen });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { change: { sync: 'Unknown', compared: { ...compared, error: error.message } } };
  }
};

/** What the objects must have been compared with, for what is known of them to hold. */
const basisOf = ({ row, settings, isUnchanged }: ComparisonInput): string => {
  const { desired, applied } = row;
  const isApplied = isUnchanged && desired && applied;
  return desiredDigest(isApplied ? { ...row, desired: { ...desired, renderKeys: applied.renderKeys } } : row, settings);
};

/** What the row knows of: what was applied, and what of the inventory is in no source any more. */
const seenRefs = ({ resources, inventory }: ApplicationRow) => [
  ...new Map(
    [...resources.map(toRef), ...inventory.flatMap(({ ref, hook }) => (hook ? [] : [ref]))].map((ref) => [
      resourceKey(ref),
      ref,
    ]),
  ).values(),
];

const toRef = ({ group, version, kind, namespace, name }: ResourceState) => ({
  group,
  version,
  kind,
  ...(namespace ? { namespace } : {}),
  name,
});

const digestOf = ({ row, settings }: ComparisonInput, live: KubernetesObject): string =>
  contentDigest(live, settings, ignoreRulesFor(refOf(live), row.spec.ignoreDifferences, settings.resourceOverrides));

const isStillEqual = (input: ComparisonInput, { equal }: ResourceState, live: KubernetesObject | undefined): boolean =>
  live !== undefined && equal !== undefined && digestOf(input, live) === equal;

/** The resources where every one is still what it was when found equal; undefined: somebody has to look closer. */
const quickly = (
  deps: SyncDeps,
  input: ComparisonInput,
  known: readonly ResourceState[],
  live: Live,
): ResourceState[] | undefined => {
  if (known.length === 0 || live.size > known.length) return undefined;
  if (!known.every((state) => isStillEqual(input, state, live.get(resourceKey(state))))) return undefined;
  return known.map((state) =>
    withHealth(deps, { ...toRef(state), ...writtenOf(state), sync: 'Synced', equal: state.equal ?? '' }, live),
  );
};

interface Thorough extends ComparisonInput {
  connection: ClusterConnection;
  known: readonly ResourceState[];
  objects: readonly KubernetesObject[];
}

/** Reads what was not looked at yet, and has the server say what an apply of everything that moved would change. */
const thoroughly = async (deps: SyncDeps, input: Thorough, live: Live): Promise<ResourceState[]> => {
  const { row, connection, objects, settings } = input;
  const apiResources = await connection.discover();
  const prepared = prepareTargets({ application: row.spec, objects, apiResources, settings });
  const targets = prepared.targets.filter(({ hook, phases }) => !hook && phases.length > 0);
  const unread = targets.filter(({ key }) => !live.has(key)).map(({ ref }) => ref);
  for (const [key, object] of await readLive(connection, unread)) live.set(key, object);
  const equal = new Map(input.known.map((state) => [resourceKey(state), state]));
  const allowed = targets.filter((target) => refusal(input, target) === undefined);
  const moved = allowed.filter(({ key }) => !isStillEqual(input, equal.get(key) ?? NONE, live.get(key)));
  const { adopt } = input;
  const { deleteJqPaths } = deps;
  const application = row.spec;
  const found = await compareTargets({ connection, application, settings, targets: moved, live, adopt, deleteJqPaths });
  return [
    ...targets.map((target) => targetState(deps, input, target, live, found.get(target.key))),
    ...leftOver(deps, input, prepared.targets, live),
  ];
};

const NONE: ResourceState = { group: '', version: '', kind: '', name: '', sync: 'Unknown' };

/** What the project does not permit is not sent to the cluster, not even as a dry run. */
const refusal = ({ project, row, cluster }: ComparisonInput, { ref, namespaced }: Target): string | undefined =>
  project
    ? permitsObject(project, row.spec, cluster, ref, namespaced)?.message
    : `there is no AppProject "${row.spec.project}"`;

const targetState = (
  deps: SyncDeps,
  input: ComparisonInput,
  target: Target,
  live: Live,
  found: TargetComparison | undefined,
): ResourceState => {
  const { key, ref } = target;
  const object = live.get(key);
  const status = found?.status ?? 'Synced';
  const refused = refusal(input, target);
  if (refused) return withHealth(deps, { ...ref, sync: 'Unknown', message: refused }, live);
  const known = input.row.resources.find((one) => resourceKey(one) === key);
  const isRival = object !== undefined && status === 'OutOfSync' && isRivalled(known, object);
  const message = found && status === 'OutOfSync' ? differenceText(object, found, isRival) : undefined;
  const state: ResourceState = {
    ...ref,
    ...(isRival ? writtenOf({ written: writtenAt(object) }) : writtenOf(known)),
    sync: status,
    ...(message ? { message } : {}),
    ...(object && status === 'Synced' ? { equal: digestOf(input, object) } : {}),
  };
  return withHealth(deps, state, live);
};

const writtenOf = (state: { written?: string | undefined } | undefined): Pick<ResourceState, 'written'> =>
  state?.written === undefined ? {} : { written: state.written };

const PATHS_SHOWN = 5;

/** Names the fields that differ, never their values: a row is no place for what may be secret. */
const differenceText = (
  live: KubernetesObject | undefined,
  { differences, note }: TargetComparison,
  isRival: boolean,
): string => {
  if (!live) return 'it is not in the cluster';
  const paths = differences.map(({ path }) => path);
  const more = paths.length > PATHS_SHOWN ? ` and ${paths.length - PATHS_SHOWN} more` : '';
  const fields = paths.length > 0 ? `differs in ${paths.slice(0, PATHS_SHOWN).join(', ')}${more}` : '';
  const rival = isRival ? 'another controller wrote it under our field manager’s name' : '';
  return [fields, note, rival].filter(Boolean).join('; ');
};

/** What the application applied once and no source has any more, as long as it is still its own. */
const leftOver = (
  deps: SyncDeps,
  { row, settings }: ComparisonInput,
  targets: readonly Target[],
  live: Live,
): ResourceState[] => {
  const wanted = new Set(targets.map(({ key }) => key));
  return row.inventory.flatMap(({ ref, uid, hook }): ResourceState[] => {
    const object = live.get(resourceKey(ref));
    if (hook || !object || wanted.has(resourceKey(ref)) || !isOwn(object, row.spec, settings)) return [];
    if (uid !== undefined && object.metadata.uid !== uid) return [];
    const isIgnored = readCompareOptions(object.metadata.annotations).ignoreExtraneous;
    const state: ResourceState = { ...ref, sync: isIgnored ? 'Synced' : 'OutOfSync', prune: true };
    return [withHealth(deps, { ...state, message: 'no source has it any more: it needs pruning' }, live)];
  });
};

const withHealth = (deps: SyncDeps, state: ResourceState, live: Live): ResourceState => {
  const object = live.get(resourceKey(state));
  if (!object) return { ...state, health: { status: 'Missing', message: '' } };
  const health = assessHealth(object, deps.healthOverrides);
  return health ? { ...state, health } : state;
};

interface Found {
  connection: ClusterConnection;
  compared: Compared;
  resources: ResourceState[];
  live: Live;
}

const conclude = async (
  deps: SyncDeps,
  { row, project, settings }: ComparisonInput,
  { connection, compared, resources, live }: Found,
): Promise<Advance> => {
  const orphaned = await findOrphans(connection, { application: row.spec, project, settings });
  const health = foldLive(
    deps,
    resources.filter(({ prune }) => !prune).map((ref) => ({ key: resourceKey(ref), ref })),
    live,
  );
  const statuses = new Set(resources.map((resource) => resource.sync));
  const sync = statuses.has('OutOfSync') ? 'OutOfSync' : statuses.has('Unknown') ? 'Unknown' : 'Synced';
  const rival = rivalSeen(row, resources);
  return {
    change: {
      resources,
      health,
      sync,
      compared: { ...compared, ...(orphaned ? { orphaned } : {}) },
      ...(rival ? { rival } : {}),
    },
  };
};
