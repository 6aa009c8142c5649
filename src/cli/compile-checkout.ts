import { createSetExpander } from '../adapters/gotemplate/expand-sets.ts';
import { createDeleteJqPaths } from '../adapters/jq/delete-jq-paths.ts';
import { answerFromTrees } from '../app/answer-from-trees.ts';
import { expandSet } from '../app/expand-set.ts';
import { AppError } from '../domain/errors.ts';
import { applicationId } from '../domain/fleet/application.ts';
import type { Generator } from '../domain/fleet/applicationset/application-set.ts';
import type { Expansion } from '../domain/fleet/applicationset/expand.ts';
import { generatorClusters } from '../domain/fleet/applicationset/fleet-clusters.ts';
import {
  type GeneratorInputs,
  type InputError,
  isInputError,
  NO_INPUTS,
} from '../domain/fleet/applicationset/generator-inputs.ts';
import { compileFleet } from '../domain/fleet/compile-fleet.ts';
import { manifestsBefore } from '../domain/fleet/compile-sets.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import { gatherDocuments } from '../domain/fleet/gather-documents.ts';
import type { FleetSnapshot } from '../domain/fleet/snapshot.ts';
import type { Repository, Tree } from '../ports/repository.ts';
import type { SetExpander } from '../ports/set-expander.ts';
import { documentsOf, findFleet, readFleetTexts } from './fleet-files.ts';
import type { AnswerProvider } from './given-answers.ts';

/** One commit of a checkout, and what its documents come to. */
export interface CompiledCheckout {
  snapshot: FleetSnapshot;
  /** Digest of every file with documents, by path. */
  files: ReadonlyMap<string, string>;
  /** What the generators of each ApplicationSet read, by its id. */
  inputs: ReadonlyMap<string, GeneratorInputs>;
}

interface CompileInput {
  repository: Pick<Repository, 'readBlobs'>;
  tree: Tree;
  expander: SetExpander;
  /** What forges and plugins would answer; absent: they are not asked. */
  answers?: AnswerProvider;
  /** '' or a directory ending in a slash: documents are looked for below it. */
  prefix: string;
  /** The commit before, whose good documents stand for those that are wrong in this one. */
  previous?: FleetSnapshot;
}

/**
 * Compiles the documents of one commit as planning does: against the commit's own fleet file where it has one; without
 * one no cluster or project is in anybody's way. Git generators read this commit whatever they name. What other generators
 * ask of the world is what `answers` says, the same for every commit; without it their ApplicationSets stay pending
 * (`application-set-pending` in the problems).
 */
export const compileCheckout = async (input: CompileInput): Promise<CompiledCheckout> => {
  const texts = await readFleetTexts(input.repository, input.tree, input.prefix);
  const fleet = findFleet(texts);
  const files = documentsOf(texts, fleet);
  const { previous } = input;
  const documents = gatherDocuments(files, previous);
  const inputs = new Map<string, GeneratorInputs>();
  const expansions = new Map<string, Expansion>();
  const start = { ...NO_INPUTS, clusters: generatorClusters(fleet?.clusters ?? []) };
  const answer = answerFromTrees({
    treeAt: () => Promise.resolve(commitOf(input)),
    others: (need) => input.answers?.(need).catch(inputError) ?? Promise.resolve(OFFLINE),
  });
  for (const set of documents.applicationSets) {
    if (!isAnswerable(set.generators, { fleet, asks: input.answers !== undefined })) continue;
    const before = manifestsBefore(set, previous);
    const expand: SetExpander['expand'] = (one, seen) => input.expander.expand(one, seen, before);
    const made = await expandSet(set, start, { expand, answer });
    expansions.set(applicationId(set), made.expanded);
    inputs.set(applicationId(set), made.inputs);
  }
  const compiled = compileFleet({
    files,
    fleet: fleet ?? NO_FLEET,
    documents,
    expansions,
    ...(previous ? { previous } : {}),
  });
  const snapshot = fleet ? compiled : withoutFleetProblems(compiled);
  return { snapshot, files: new Map(files.map(({ path, digest }) => [path, digest])), inputs };
};

interface Known {
  fleet: FleetFile | undefined;
  /** Somebody answers for forges and plugins. */
  asks: boolean;
}

/** Whether the generators need nothing but what is known: no forge, no plugin, no clusters that nobody wrote down. */
const isAnswerable = (generators: readonly Generator[], known: Known): boolean =>
  generators.every(({ pullRequest, scmProvider, plugin, clusters, matrix, merge }) => {
    if (!known.asks && (pullRequest || scmProvider || plugin)) return false;
    if (clusters && !known.fleet) return false;
    return [matrix, merge].every((nested) => isAnswerable(nested?.generators ?? [], known));
  });

const NO_FLEET: FleetFile = {
  name: 'checkout',
  source: { repoURL: '', targetRevision: 'HEAD', path: '' },
  repositories: [],
  clusters: [],
  environments: { clusterLabel: 'environment' },
};

const withoutFleetProblems = (snapshot: FleetSnapshot): FleetSnapshot => ({
  ...snapshot,
  applications: snapshot.applications.map((application) => ({ ...application, problems: [] })),
});

/** Expands sets in this process: a person's own, whose templates and expressions they run themselves. */
export const createExpanderHere = (): SetExpander => createSetExpander({ deleteJqPaths: createDeleteJqPaths() });

const commitOf = ({ repository, tree }: CompileInput) => ({
  tree,
  readBlobs: (digests: readonly string[]) => repository.readBlobs(digests),
});

const inputError = (error: unknown): InputError => {
  if (error instanceof AppError) return { error: error.message };
  throw error;
};

/** Never met: see `isAnswerable`. */
const OFFLINE: InputError = { error: 'not known without a running Towline' };

/** Files that one commit's generators read otherwise than another's, in words: `clusters/a.json changed`. */
export const changedContents = (before: GeneratorInputs, after: GeneratorInputs): string[] => {
  const [old, now] = [contentsOf(before), contentsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].toSorted().flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)];
    if (was === is) return [];
    return [`${path} ${was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'}`];
  });
};

const contentsOf = ({ git }: GeneratorInputs): Map<string, string> =>
  new Map(Object.values(git).flatMap((tree) => (isInputError(tree) ? [] : Object.entries(tree.contents))));
