import type { CompiledApplication } from '../../domain/fleet/snapshot.ts';
import type { PlanIndex } from '../../domain/plan-index.ts';
import { inputsChanged } from '../../domain/sources/inputs.ts';
import { distinctOthers } from '../../domain/sources/moving-other.ts';
import { createTakesFrom } from '../../domain/tracking-ref.ts';
import type { Tree } from '../../ports/repository.ts';
import { eachOf } from '../each-of.ts';
import type { FactsOf } from './cluster-facts.ts';
import type { Compiled } from './compile-at.ts';
import { type AffectedApplication, inspectApplication } from './inspect-application.ts';
import type { TreeReader } from './tree-reader.ts';

interface FindInput {
  at: { repository: string; ref: string; commit: string };
  defaultBranch: string | undefined;
  compiled: Pick<Compiled, 'snapshot' | 'changed'>;
  index: PlanIndex;
  trees: TreeReader;
  tree: Tree;
  toolVersions: Readonly<Record<string, string>>;
  factsOf?: FactsOf;
  /** Ids that are affected whatever their inputs say. */
  force: readonly string[];
}

const INSPECTIONS_IN_FLIGHT = 8;

/**
 * The exact affected set (an application is affected iff it is new, its own document changed, or one of its recorded
 * inputs has another digest in this tree), inspected; and the plan index as it is after this plan.
 */
export const findAffected = async (
  input: FindInput,
): Promise<{ applications: AffectedApplication[]; index: PlanIndex }> => {
  const index: PlanIndex = { format: 1, commit: input.at.commit, entries: {} };
  const todo: { application: CompiledApplication; here: boolean[]; reason: string }[] = [];
  const takesFromHere = createTakesFrom({ ...input.at, defaultBranch: input.defaultBranch });
  for (const application of input.compiled.snapshot.applications) {
    const here = application.sources.map(takesFromHere);
    const reason = reasonOf(application, here, input);
    const known = input.index.entries[application.id];
    if (reason !== undefined) todo.push({ application, here, reason });
    else if (known) index.entries[application.id] = known;
  }
  const settings = input.compiled.snapshot.argoSettings?.settings.sources;
  const applications: AffectedApplication[] = [];
  await eachOf(todo, INSPECTIONS_IN_FLIGHT, async ({ application, here, reason }) => {
    const affected = await inspectApplication({ ...input, settings }, application, reason);
    applications.push(affected);
    if (!here.includes(true)) return;
    const inputs = here.map((isHere, source) => (isHere ? (affected.inputs[source] ?? []) : null));
    index.entries[application.id] = {
      specDigest: application.specDigest,
      inputs,
      ...(affected.others ? { others: distinctOthers(affected.others) } : {}),
    };
  });
  return { applications, index };
};

/** Why the application is affected, in words for people; undefined where it is not. */
const reasonOf = (
  application: CompiledApplication,
  here: readonly boolean[],
  { compiled, index, tree, force }: FindInput,
): string | undefined => {
  if (force.includes(application.id)) return 'asked to render again';
  const changed = compiled.changed.get(application.id);
  if (changed !== undefined) return changed;
  if (!here.includes(true)) return undefined;
  const known = index.entries[application.id];
  if (!known || known.specDigest !== application.specDigest) return 'first plan of this ref';
  for (const inputs of known.inputs) {
    const changed = inputs ? inputsChanged(inputs, tree) : undefined;
    if (changed !== undefined) return changed;
  }
  return undefined;
};
