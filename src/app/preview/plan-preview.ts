import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import { generatorSources } from '../../domain/fleet/followed-sources.ts';
import {
  type CompiledApplication,
  diffSnapshots,
  type FleetSnapshot,
  readsSourcesAnew,
} from '../../domain/fleet/snapshot.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import type { PreviewCandidate, PreviewPlan } from '../../domain/preview/preview-row.ts';
import { formatProblem } from '../../domain/problem.ts';
import { refId } from '../../domain/ref-row.ts';
import { projectsWithNewRules } from '../../domain/sync/rendered-rules.ts';
import { takesFrom } from '../../domain/tracking-ref.ts';
import type { Repository, Tree } from '../../ports/repository.ts';
import { eachOf } from '../each-of.ts';
import { compileDocuments } from '../plan/compile-at.ts';
import type { PlanDeps } from '../plan/deps.ts';
import { findAffected } from '../plan/find-affected.ts';
import { fleetDocuments } from '../plan/fleet-documents.ts';
import { createGeneratorAnswers } from '../plan/generator-answers.ts';
import { createGeneratorTrees } from '../plan/generator-trees.ts';
import { inspectApplication, type PlannedSource } from '../plan/inspect-application.ts';
import { loadSnapshot } from '../plan/load-snapshot.ts';
import { factsIn } from '../plan/plan-ref.ts';
import { judgeKnown } from '../plan/refuse-known.ts';
import { createTreeReader, type TreeReader } from '../plan/tree-reader.ts';
import { readRegistrations } from '../registry/read-registrations.ts';

interface PlanPreviewInput {
  fleet: FleetRow;
  config: RepositoryConfig;
  repository: Repository;
  /** The branch that the request would be merged into: both sides are read as if it stood there. */
  ref: string;
  /** Commits. */
  base: string;
  head: string;
}

/** The plan, and the sources that have to be rendered for it. */
export interface PlannedPreview {
  plan: PreviewPlan;
  sources: PlannedSource[];
}

const INSPECTIONS_IN_FLIGHT = 8;

/**
 * Which applications a request changes, inspected at both commits; what comes to the same renders is left out. Nothing is
 * written. Errors: those of the repositories.
 */
export const planPreview = async (deps: PlanDeps, input: PlanPreviewInput): Promise<PlannedPreview> => {
  const live = await loadSnapshot(deps, input.fleet);
  const base = await standAt(deps, input, { commit: input.base, previous: live });
  const head = await standAt(deps, input, { commit: input.head, previous: base.snapshot });
  const row = await deps.refs.get(refId(input.config.url, input.ref));
  const { difference, rules, changed } = changesBetween(base.snapshot, head.snapshot);
  const affected = await findAffected({
    ...head,
    compiled: { snapshot: head.snapshot, changed },
    index: await deps.indexes.load(row?.index),
    ...factsIn(deps, false),
    toolVersions: deps.toolVersions,
    force: [],
  });
  const settings = base.snapshot.argoSettings?.settings.sources;
  const looking = { ...deps, ...factsIn(deps, false), trees: base.trees, settings };
  const sides: Sides[] = [];
  const known = new Map(base.snapshot.applications.map((one) => [one.id, one]));
  await eachOf(affected.applications, INSPECTIONS_IN_FLIGHT, async (after) => {
    const was = known.get(after.application.id);
    const before = was && (await inspectApplication(looking, was, ''));
    sides.push({ application: after.application, ...(was ? { was } : {}), before, after });
  });
  await eachOf(difference.removed, INSPECTIONS_IN_FLIGHT, async (id) => {
    const application = known.get(id);
    if (!application) return;
    const before = await inspectApplication(looking, application, '');
    sides.push({ application, before, after: undefined });
  });
  const { file } = input.fleet;
  const judged = affected.applications.filter(({ application }) => rules.has(application.project));
  const { refused, unknown } = await judgeKnown(deps, judged, { file, projects: head.snapshot.projects });
  return planOf(sides, { base: base.snapshot, head: head.snapshot, shown: new Set([...refused.keys(), ...unknown]) });
};

const changesBetween = (base: FleetSnapshot, head: FleetSnapshot) => {
  const difference = diffSnapshots(base, head);
  const rules = projectsWithNewRules(base.projects, head.projects);
  const reread = readsSourcesAnew(base, head);
  const anew = head.applications.flatMap(({ id, project }) => (reread || rules.has(project) ? [id] : []));
  const ids = [...difference.added, ...difference.changed, ...anew];
  return { difference, rules, changed: new Map(ids.map((id) => [id, 'its document changes'])) };
};

interface Stand {
  at: { repository: string; ref: string; commit: string };
  defaultBranch: string | undefined;
  tree: Tree;
  trees: TreeReader;
  snapshot: FleetSnapshot;
}

const standAt = async (
  deps: PlanDeps,
  { fleet, config, repository, ref }: PlanPreviewInput,
  { commit, previous }: { commit: string; previous: FleetSnapshot },
): Promise<Stand> => {
  const at = { repository: config.url, ref, commit };
  const tree = await repository.listTree(commit);
  const defaultBranch = await repository.defaultBranch();
  const trees = createTreeReader(deps, fleet, { ...at, tree });
  const place = { ...at, defaultBranch };
  const isMade =
    takesFrom(fleet.file.source, place) || generatorSources(previous).some((source) => takesFrom(source, place));
  if (!isMade) return { at, defaultBranch, tree, trees, snapshot: previous };
  const documents = await fleetDocuments(trees, fleet.file);
  const seen = {
    documents,
    registered: await readRegistrations(deps, previous),
    trees: createGeneratorTrees(trees, (url) => url === config.url),
    answers: createGeneratorAnswers(deps.providers, { file: fleet.file, mayAsk: false }),
  };
  const { snapshot } = await compileDocuments(deps, { fleet, previous, seen });
  return { at, defaultBranch, tree, trees, snapshot };
};

type Inspected = Awaited<ReturnType<typeof inspectApplication>>;

interface Sides {
  application: CompiledApplication;
  was?: CompiledApplication;
  before: Inspected | undefined;
  after: Inspected | undefined;
}

interface Compared {
  base: FleetSnapshot;
  head: FleetSnapshot;
  /** Applications that are to be seen though they render to the same: their projects refuse it now, or may. */
  shown: ReadonlySet<string>;
}

const planOf = (sides: readonly Sides[], { shown, ...snapshots }: Compared): PlannedPreview => {
  const candidates = sides.map(candidateOf);
  const isToShow = (one: PreviewCandidate): boolean => isOpen(one) || shown.has(one.application.id);
  const [open, same] = [candidates.filter(isToShow), candidates.filter((one) => !isToShow(one))];
  const ids = new Set(open.map(({ application }) => application.id));
  const sources = sides.flatMap(({ application, before, after }) =>
    ids.has(application.id) ? [before, after].flatMap((one) => (one && !one.error ? one.sources : [])) : [],
  );
  const before = new Set(
    snapshots.base.problems.map(({ code, file, field, message }) => [code, file, field, message].join()),
  );
  const failures = snapshots.head.problems
    .filter(({ severity }) => severity !== 'warning')
    .filter(({ code, file, field, message }) => !before.has([code, file, field, message].join()))
    .map((problem) => ({ message: formatProblem(problem), file: problem.file, line: problem.line }));
  const { projects } = snapshots.head;
  return { plan: { candidates: open, unchanged: same.length, failures, projects }, sources };
};

const candidateOf = ({ application, was, before, after }: Sides): PreviewCandidate => ({
  application,
  ...(was ? { was } : {}),
  before: keysOf(before),
  after: keysOf(after),
  ...(after?.error ? { error: after.error.message } : {}),
});

const keysOf = (inspected: Inspected | undefined): string[] | null =>
  inspected && !inspected.error ? inspected.sources.map(({ renderKey }) => renderKey) : null;

/** Something is to be said of it: it fails, comes, goes, renders otherwise, or goes elsewhere. */
const isOpen = ({ before, after, error, application, was }: PreviewCandidate): boolean =>
  error !== undefined ||
  before?.join() !== after?.join() ||
  was?.cluster !== application.cluster ||
  was.destination.namespace !== application.destination.namespace ||
  was.project !== application.project;
