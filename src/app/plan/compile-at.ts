import { generatorClusters } from '../../domain/fleet/applicationset/fleet-clusters.ts';
import { compileFleet } from '../../domain/fleet/compile-fleet.ts';
import { generatorSources } from '../../domain/fleet/followed-sources.ts';
import { type RepositoryDocuments, withFoundRepositories } from '../../domain/fleet/found-repositories.ts';
import { gatherDocuments } from '../../domain/fleet/gather-documents.ts';
import { COMPILER } from '../../domain/fleet/read-fleet-files.ts';
import { type RemovedApplication, removedApplications } from '../../domain/fleet/removed-applications.ts';
import { diffSnapshots, type FleetSnapshot, readsSourcesAnew } from '../../domain/fleet/snapshot.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import { registeredPrefix } from '../../domain/registry/registration-row.ts';
import type { Rollout } from '../../domain/rollout.ts';
import { projectsWithNewRules } from '../../domain/sync/rendered-rules.ts';
import { takesFrom } from '../../domain/tracking-ref.ts';
import {
  type Registered,
  readRegistrations,
  registryMark,
  settleRegistrations,
} from '../registry/read-registrations.ts';
import { claimFleet, makeLive, publishRules, releaseFleet } from './claim-fleet.ts';
import type { PlanDeps } from './deps.ts';
import { type ExpandedSets, expandSets, isStillExpanded } from './expand-sets.ts';
import { type FleetDocuments, fleetDocuments, readDocuments } from './fleet-documents.ts';
import { createGeneratorAnswers, type GeneratorAnswers } from './generator-answers.ts';
import { createGeneratorTrees, type GeneratorTrees } from './generator-trees.ts';
import { loadSnapshot, snapshotOfRows } from './load-snapshot.ts';
import { problemsOf, warningOf, warningsOf } from './problems-of.ts';
import type { RegisteringReader } from './tree-reader.ts';

export interface Compiled {
  fleet: FleetRow;
  snapshot: FleetSnapshot;
  /** Applications that this commit adds or changes in the fleet, by id, each with the reason in words for people. */
  changed: ReadonlyMap<string, string>;
  /** The projects that judge what is rendered by new rules: what had failed may go now. */
  rules: ReadonlySet<string>;
  removed: readonly RemovedApplication[];
  problems: Rollout['problems'];
  /** Something that generators read could not be read now: plan again soon. */
  unread: boolean;
  /** Applications that delivered what this compile is the first to see; each with what is wrong with that. */
  deliveredBy: ReadonlyMap<string, Rollout['problems']>;
  /** Makes this commit's project rules and settings the live ones: before anything that they are about is written. */
  publishRules(): Promise<void>;
  /** Makes the snapshot the live one: last, when everything that follows from it is written. */
  commit(): Promise<void>;
  /** Lets others compile, where it is not to become the live one. */
  abandon(): Promise<void>;
}

export interface CompileInput {
  fleet: FleetRow;
  at: { repository: string; ref: string; commit: string };
  /** Who compiles: the ref that is planned. */
  owner: string;
  trees: RegisteringReader;
  defaultBranch: string | undefined;
  /** A plan that died may have written rows that the live snapshot knows nothing of: the rows are what was there before. */
  trustsRows?: boolean;
}

/**
 * The fleet as of this plan: compiled anew if the ref is the fleet's own or one that generators read, and if what the
 * fleet is made from is another than before; else the live snapshot. Errors: AppError `fleet-compiling` (transient).
 */
export const compileAt = async (deps: PlanDeps, input: CompileInput): Promise<Compiled> => {
  const { fleet, at, defaultBranch } = input;
  const previous = await loadSnapshot(deps, fleet);
  const place = { ...at, defaultBranch };
  const isOwn = takesFrom(fleet.file.source, place);
  const isRead = generatorSources(previous).some((source) => takesFrom(source, place));
  if (!isOwn && !isRead) return atRest(fleet, previous, []);
  const documents = await fleetDocuments(input.trees, fleet.file);
  const trees = createGeneratorTrees(input.trees, (url) => url === at.repository);
  const answers = createGeneratorAnswers(deps.providers, { file: fleet.file, mayAsk: true });
  const seen = { documents, trees, answers };
  const isSeen = (fleet.registered ?? 0) === (await registryMark(deps));
  const isSame = isSeen && !input.trustsRows && (await isUnchanged({ ...seen, fleet, previous }));
  if (isSame) return atRest(fleet, previous, problemsOf(previous));
  return compileAnew(deps, input, seen);
};

/** What a fleet is made from, as it was read. */
export interface Seen {
  documents: FleetDocuments;
  trees: GeneratorTrees;
  answers: GeneratorAnswers;
}

/** The same with what applications delivered. */
interface SeenAll extends Seen {
  registered: Registered;
}

/** Most commits touch nothing that the fleet is made from. What is wrong with the fleet stays wrong, though. */
const isUnchanged = async ({
  fleet,
  previous,
  documents,
  trees,
  answers,
}: Seen & { fleet: FleetRow; previous: FleetSnapshot }): Promise<boolean> => {
  if (previous.digest !== fleet.snapshot || previous.compiler !== COMPILER) return false;
  if (documents.directory !== fleet.directory && documents.inputs() !== fleet.inputs) return false;
  const expanded = Object.values(previous.expanded ?? {});
  if (expanded.length !== (previous.applicationSets ?? []).length) return false;
  const reads = expanded.flatMap((one) => one.reads.map(({ read }) => read));
  await Promise.all([trees.readAll(reads), answers.readAll(reads)]);
  const world = { ...trees.world(generatorClusters(fleet.file.clusters)), ...answers.world() };
  return expanded.every((one) => isStillExpanded(one, world));
};

const atRest = (fleet: FleetRow, snapshot: FleetSnapshot, problems: Rollout['problems']): Compiled => ({
  fleet,
  snapshot,
  changed: new Map(),
  rules: new Set(),
  removed: [],
  problems,
  unread: false,
  deliveredBy: new Map(),
  publishRules: () => Promise.resolve(),
  commit: () => Promise.resolve(),
  abandon: () => Promise.resolve(),
});

/** One plan compiles at a time, against what the one before it made live. */
const compileAnew = async (deps: PlanDeps, input: CompileInput, seen: Seen): Promise<Compiled> => {
  const { documents, answers } = seen;
  const fleet = await claimFleet(deps, input.owner);
  try {
    const previous = await loadSnapshot(deps, fleet);
    const registered = await readRegistrations(deps, previous);
    // Of this push alone: what a pull request registers must not be read with anybody's credentials.
    const register = (found: RepositoryDocuments): void =>
      input.trees.register(withFoundRepositories(fleet.file, found));
    const { snapshot, sets } = await compileDocuments(deps, {
      fleet,
      previous,
      seen: { ...seen, registered },
      register,
    });
    register(snapshot);
    const before = input.trustsRows ? await snapshotOfRows(deps, fleet) : previous;
    // A plan that died may have marked some of many that went at once: the rest are no fewer for that.
    const all = input.trustsRows ? await snapshotOfRows(deps, fleet, { leaving: true }) : previous;
    const removed = removedApplications(all, snapshot, fleet.file);
    const rules = projectsWithNewRules(previous.projects, snapshot.projects);
    return {
      changed: changesOf(before, snapshot, { moved: sets.moved, rules, reread: readsSourcesAnew(previous, snapshot) }),
      rules,
      removed,
      fleet: { ...fleet, snapshot: snapshot.digest, file: withFoundRepositories(fleet.file, snapshot) },
      snapshot,
      problems: [...problemsOf(snapshot), ...warningsOf(removed), ...answers.warnings().map(warningOf)],
      unread: sets.unread,
      deliveredBy: deliveredBy(registered, snapshot),
      publishRules: () => publishRules(deps, fleet, snapshot),
      commit: async () => {
        await makeLive(deps, fleet, snapshot, { ...whence(documents), registered: registered.mark });
        await settleRegistrations(deps, registered, snapshot);
      },
      abandon: () => releaseFleet(deps, fleet),
    };
  } catch (error) {
    await releaseFleet(deps, fleet);
    throw error;
  }
};

const whence = ({ source, commit, directory, inputs }: FleetDocuments) => ({
  source,
  commit,
  directory,
  inputs: inputs(),
});

interface DocumentsInput {
  fleet: FleetRow;
  previous: FleetSnapshot;
  seen: SeenAll;
  /** Told what the documents register before generators read anything. */
  register?: (documents: RepositoryDocuments) => void;
}

/** The fleet that the documents make; nothing is written. `previous`: what they are compiled against. */
export const compileDocuments = async (
  deps: Pick<PlanDeps, 'expander'>,
  { fleet, previous, seen, register }: DocumentsInput,
): Promise<{ snapshot: FleetSnapshot; sets: ExpandedSets }> => {
  const { documents, trees, answers, registered } = seen;
  const known = previous.applications.length > 0 ? { previous } : {};
  const files = [...(await readDocuments(documents, known.previous)), ...registered.documents];
  const gathered = gatherDocuments(files, known.previous);
  register?.(gathered);
  const clusters = generatorClusters(fleet.file.clusters);
  const sets = await expandSets(deps, { sets: gathered.applicationSets, ...known, clusters, trees, answers });
  const snapshot = compileFleet({ files, fleet: fleet.file, documents: gathered, ...sets, ...known });
  return { snapshot, sets };
};

/** Whose deliveries are new to the fleet, with the problems that are new with them. */
const deliveredBy = ({ outstanding }: Registered, { problems }: FleetSnapshot): Compiled['deliveredBy'] =>
  new Map(
    outstanding.map(({ parent }) => {
      const own = problems.filter(({ file }) => file.startsWith(registeredPrefix(parent)));
      return [parent, problemsOf({ problems: own })];
    }),
  );

const changesOf = (
  previous: FleetSnapshot,
  snapshot: FleetSnapshot,
  { moved, rules, reread }: Pick<ExpandedSets, 'moved'> & Pick<Compiled, 'rules'> & { reread: boolean },
): Compiled['changed'] => {
  const { added, changed } = diffSnapshots(previous, snapshot);
  const ids = new Set([...added, ...changed]);
  const reasons = snapshot.applications.flatMap(({ id, applicationSet, origin, project }): [string, string][] => {
    if (!ids.has(id) && reread) return [[id, 'argocd-cm changed how sources are read']];
    if (!ids.has(id)) return rules.has(project) ? [[id, `the rules of AppProject ${project} changed`]] : [];
    const isMoved = applicationSet !== undefined && moved.has(applicationSet);
    const made = `what the generators of ApplicationSet ${applicationSet} read changed`;
    return [[id, isMoved ? made : `${origin.file} changed`]];
  });
  return new Map(reasons);
};
