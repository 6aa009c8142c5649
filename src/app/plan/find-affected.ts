import type { SourceRevision } from '../../domain/application-row.ts';
import { AppError } from '../../domain/errors.ts';
import type { CompiledApplication } from '../../domain/fleet/snapshot.ts';
import type { PlanIndex, PlanIndexEntry } from '../../domain/plan-index.ts';
import { formatProblem } from '../../domain/problem.ts';
import { inputsChanged } from '../../domain/sources/inputs.ts';
import { renderKeyOf } from '../../domain/sources/render-key.ts';
import { takesFrom } from '../../domain/tracking-ref.ts';
import type { ChangeMessage } from '../../messages/change.ts';
import type { Tree } from '../../ports/repository.ts';
import { eachOf } from '../each-of.ts';
import { type Inspection, inspectSource } from '../inspect-source.ts';
import type { Compiled } from './compile-at.ts';
import type { PlanDeps } from './deps.ts';
import type { CommitTree, TreeReader } from './tree-reader.ts';

/** One source as it stands: where it was read and what its render depends on. */
export interface PlannedSource {
  from: CommitTree;
  inspection: Inspection & { ok: true };
  renderKey: string;
}

/** An application that the change affects, and what it must become. */
export interface AffectedApplication {
  application: CompiledApplication;
  reason: string;
  revisions: SourceRevision[];
  sources: PlannedSource[];
  /** Why it cannot be rendered at all: the path is missing, the kustomization is broken, the project forbids it. */
  error?: { code: string; message: string };
}

interface FindInput {
  at: { repository: string; ref: string; commit: string };
  defaultBranch: string | undefined;
  compiled: Compiled;
  index: PlanIndex;
  trees: TreeReader;
  tree: Tree;
  hint: ChangeMessage;
}

const INSPECTIONS_IN_FLIGHT = 8;

/**
 * The exact affected set (an application is affected iff it is new, its own document changed, or one of its recorded
 * inputs has another digest in this tree), inspected; and the plan index as it is after this plan.
 */
export const findAffected = async (
  deps: PlanDeps,
  input: FindInput,
): Promise<{ applications: AffectedApplication[]; index: PlanIndex }> => {
  const { compiled, at, index } = input;
  const next: PlanIndex = { format: 1, commit: at.commit, entries: {} };
  const todo: { application: CompiledApplication; here: boolean[]; reason: string }[] = [];
  for (const application of compiled.snapshot.applications) {
    const here = application.sources.map((source) => takesFrom(source, { ...at, defaultBranch: input.defaultBranch }));
    const reason = reasonOf(application, here, input);
    const known = index.entries[application.id];
    if (reason !== undefined) todo.push({ application, here, reason });
    else if (known) next.entries[application.id] = known;
  }
  const applications: AffectedApplication[] = [];
  await eachOf(todo, INSPECTIONS_IN_FLIGHT, async ({ application, here, reason }) => {
    const { affected, inputs } = await inspectApplication(deps, input.trees, application, reason);
    applications.push(affected);
    if (here.includes(true)) next.entries[application.id] = entryOf(application, here, inputs);
  });
  return { applications, index: next };
};

/** Why the application is affected, in words for people; undefined where it is not. */
const reasonOf = (
  application: CompiledApplication,
  here: readonly boolean[],
  { compiled, index, tree, hint }: FindInput,
): string | undefined => {
  if (hint.applications?.includes(application.id)) return 'asked to render again';
  if (compiled.changed.has(application.id)) return `${application.origin.file} changed`;
  if (!here.includes(true)) return undefined;
  const known = index.entries[application.id];
  if (!known || known.specDigest !== application.specDigest) return 'first plan of this ref';
  for (const inputs of known.inputs) {
    const changed = inputs && inputsChanged(inputs, tree);
    if (changed) return changed;
  }
  return undefined;
};

const entryOf = (
  application: CompiledApplication,
  here: readonly boolean[],
  inputs: PlanIndexEntry['inputs'],
): PlanIndexEntry => ({
  specDigest: application.specDigest,
  inputs: here.map((isHere, source) => (isHere ? (inputs[source] ?? []) : null)),
});

const inspectApplication = async (
  deps: PlanDeps,
  trees: TreeReader,
  application: CompiledApplication,
  reason: string,
): Promise<{ affected: AffectedApplication; inputs: PlanIndexEntry['inputs'] }> => {
  const affected: AffectedApplication = { application, reason, revisions: [], sources: [] };
  const inputs: PlanIndexEntry['inputs'] = [];
  const invalid = application.problems.find(({ severity }) => severity === 'error');
  if (invalid) affected.error = { code: invalid.code, message: formatProblem(invalid) };
  const refSources = await readRefSources(trees, application);
  for (const source of application.sources) {
    try {
      const from = await trees.at(source);
      affected.revisions.push({ repository: from.repository, ref: from.ref, commit: from.commit });
      const inspection = await inspectSource({ files: from.files })({
        source,
        application: { ...application, destinationNamespace: application.destination.namespace },
        tree: from.tree,
        revision: from.commit,
        refSources,
      });
      inputs.push(inspection.inputs);
      if (!inspection.ok) affected.error ??= { code: inspection.error.code, message: inspection.error.message };
      else if (inspection.files.length > 0 || source.path !== undefined) {
        affected.sources.push({
          from,
          inspection,
          renderKey: renderKeyOf(inspection, { toolVersions: deps.toolVersions }),
        });
      }
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'transient') throw error;
      affected.error ??= { code: error.code, message: error.message };
      inputs.push(null);
    }
  }
  return { affected, inputs };
};

/** Sources that only lend their files to others (`ref: values`), by that name. */
const readRefSources = async (trees: TreeReader, application: CompiledApplication) => {
  const lending = application.sources.filter(({ ref, chart }) => ref !== undefined && chart === undefined);
  const found = new Map<string, { tree: Tree; files: CommitTree['files']; revision: string }>();
  for (const source of lending) {
    const from = await trees.at(source).catch(() => undefined);
    if (from) found.set(source.ref ?? '', { tree: from.tree, files: from.files, revision: from.commit });
  }
  return found;
};
