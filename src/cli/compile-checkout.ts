import { createSetExpander } from '../adapters/gotemplate/expand-sets.ts';
import { createDeleteJqPaths } from '../adapters/jq/delete-jq-paths.ts';
import { answerFromTrees } from '../app/answer-from-trees.ts';
import { expandSet } from '../app/expand-set.ts';
import { AppError } from '../domain/errors.ts';
import { applicationId } from '../domain/fleet/application.ts';
import type { ApplicationSet, Generator } from '../domain/fleet/applicationset/application-set.ts';
import type { Expansion } from '../domain/fleet/applicationset/expand.ts';
import { generatorClusters } from '../domain/fleet/applicationset/fleet-clusters.ts';
import {
  type GeneratorInputs,
  type InputError,
  isInputError,
  NO_INPUTS,
} from '../domain/fleet/applicationset/generator-inputs.ts';
import { compileFleet } from '../domain/fleet/compile-fleet.ts';
import { documentDigest, manifestsBefore } from '../domain/fleet/compile-sets.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import { gatherDocuments, type ReadDocuments, readEachOnce } from '../domain/fleet/gather-documents.ts';
import type { FleetDocument } from '../domain/fleet/read-fleet-files.ts';
import type { FleetSnapshot } from '../domain/fleet/snapshot.ts';
import type { Repository, Tree } from '../ports/repository.ts';
import type { SetExpander } from '../ports/set-expander.ts';
import type { Delivery } from './deliveries.ts';
import { documentsOf, type FleetText, findFleet, readFleetTexts } from './fleet-files.ts';
import type { AnswerProvider } from './given-answers.ts';

/** One commit of a checkout, and what its documents come to. */
export interface CompiledCheckout {
  snapshot: FleetSnapshot;
  /** Digest of every file with documents, by path. */
  files: ReadonlyMap<string, string>;
  /** What the generators of each ApplicationSet read, by its id. */
  inputs: ReadonlyMap<string, GeneratorInputs>;
  /** What applications deliver to the control plane, by their ids. */
  delivered: ReadonlyMap<string, Delivery>;
  /** The commit's own fleet file. */
  fleet: FleetFile | undefined;
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
  /** Absent: what applications deliver to the control plane does not count. */
  follow?: Follow;
  /** How files are read, for who compiles more than once. */
  readFile?: ReadDocuments;
  /** Whether the commit stands for a repository that a Git generator names; absent: for all. Other sets stay pending. */
  isOwn?: (url: string) => boolean;
}

/** What the applications of a snapshot deliver, by their ids; only of those that deliver something, or may. */
export type Follow = (snapshot: FleetSnapshot, fleet: FleetFile | undefined) => Promise<ReadonlyMap<string, Delivery>>;

/** More than the generations that applications may have; see `nestingFault`. */
const ROUNDS_AT_MOST = 20;

/**
 * Compiles the documents of one commit as planning does: against the commit's own fleet file where it has one; without
 * one no cluster or project is in anybody's way. Git generators read this commit whatever they name. What other generators
 * ask of the world is what `answers` says, the same for every commit; without it their ApplicationSets stay pending
 * (`application-set-pending` in the problems). What applications deliver to the control plane counts, as deep as they do.
 */
export const compileCheckout = async (input: CompileInput): Promise<CompiledCheckout> => {
  const texts = await readFleetTexts(input.repository, input.tree, input.prefix);
  const fleet = findFleet(texts);
  const files = documentsOf(texts, fleet, input.prefix);
  const expand = createExpand(input, fleet);
  const readFile = input.readFile ?? readEachOnce();
  let delivered: ReadonlyMap<string, Delivery> = new Map();
  for (let count = 0; ; count += 1) {
    const round = { fleet, files: withDelivered(files, delivered, fleet), expand, readFile };
    const compiled = await compileRound(input, round);
    const next = (await input.follow?.(compiled.snapshot, fleet)) ?? new Map<string, Delivery>();
    if (count === ROUNDS_AT_MOST || digestOf(next) === digestOf(delivered))
      return { ...compiled, delivered: next, fleet };
    delivered = next;
  }
};

const digestOf = (delivered: ReadonlyMap<string, Delivery>): string =>
  [...delivered]
    .flatMap(([, { documents, consumed }]) => [
      ...documents.map(({ path, digest }) => `${path} ${digest}`),
      ...consumed,
    ])
    .join('\n');

/**
 * The fleet's files and what is delivered. Without a fleet file every file counts as one of the fleet, but what somebody
 * makes something else from does not.
 */
const withDelivered = (
  files: readonly FleetText[],
  delivered: ReadonlyMap<string, Delivery>,
  fleet: FleetFile | undefined,
): FleetDocument[] => {
  const consumed = new Set([...delivered.values()].flatMap((one) => one.consumed));
  const own = fleet ? files : files.filter(({ path }) => !consumed.has(path));
  return [...own, ...[...delivered.values()].flatMap(({ documents }) => documents)];
};

interface Round {
  fleet: FleetFile | undefined;
  files: readonly FleetDocument[];
  expand: ExpandHere;
  readFile: ReadDocuments;
}

const compileRound = async (
  { previous }: CompileInput,
  { fleet, files, expand, readFile }: Round,
): Promise<Omit<CompiledCheckout, 'delivered' | 'fleet'>> => {
  const documents = gatherDocuments(files, previous, readFile);
  const inputs = new Map<string, GeneratorInputs>();
  const expansions = new Map<string, Expansion>();
  for (const set of documents.applicationSets) {
    // Of several sets of one name the first counts.
    if (expansions.has(applicationId(set))) continue;
    const made = await expand(set);
    if (!made) continue;
    expansions.set(applicationId(set), made.expanded);
    inputs.set(applicationId(set), made.inputs);
  }
  const known = previous ? { previous } : {};
  const compiled = compileFleet({ files, fleet: fleet ?? NO_FLEET, documents, expansions, ...known });
  const snapshot = fleet ? compiled : withoutFleetProblems(compiled);
  return { snapshot, files: new Map(files.map(({ path, digest }) => [path, digest])), inputs };
};

type ExpandHere = (set: ApplicationSet) => ReturnType<typeof expandSet> | Promise<undefined>;

/** Expands each set once, as it is written. */
const createExpand = (input: CompileInput, fleet: FleetFile | undefined): ExpandHere => {
  const start = { ...NO_INPUTS, clusters: generatorClusters(fleet?.clusters ?? []) };
  const answer = answerFromTrees({
    treeAt: () => Promise.resolve(commitOf(input)),
    others: (need) => input.answers?.(need).catch(inputError) ?? Promise.resolve(OFFLINE),
  });
  const known = { fleet, asks: input.answers !== undefined, isOwn: input.isOwn ?? (() => true) };
  const expanded = new Map<string, ReturnType<typeof expandSet>>();
  return (set) => {
    if (!isAnswerable(set.generators, known)) return Promise.resolve(undefined);
    const before = manifestsBefore(set, input.previous);
    const expand: SetExpander['expand'] = (one, seen) => input.expander.expand(one, seen, before);
    const key = documentDigest(set);
    const made = expanded.get(key) ?? expandSet(set, start, { expand, answer });
    expanded.set(key, made);
    return made;
  };
};

interface Known {
  fleet: FleetFile | undefined;
  /** Somebody answers for forges and plugins. */
  asks: boolean;
  isOwn: (url: string) => boolean;
}

/** Whether the generators need nothing but what is known: no forge, no plugin, no clusters that nobody wrote down. */
const isAnswerable = (generators: readonly Generator[], known: Known): boolean =>
  generators.every(({ git, pullRequest, scmProvider, plugin, clusters, matrix, merge }) => {
    if (!known.asks && (pullRequest || scmProvider || plugin)) return false;
    if ((clusters && !known.fleet) || (git && !known.isOwn(git.repoURL))) return false;
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
  applications: snapshot.applications.map((application) => ({
    ...application,
    problems: application.problems.filter(({ code }) => code.startsWith('delivery-')),
  })),
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
