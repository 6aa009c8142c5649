import { startGoTemplates } from '../adapters/gotemplate/go-templates.ts';
import { loadGoTemplates } from '../adapters/gotemplate/load-program.ts';
import { applicationId } from '../domain/fleet/application.ts';
import { type Answer, gitInput, withAnswer } from '../domain/fleet/applicationset/answer-needs.ts';
import type { ApplicationSet, Generator } from '../domain/fleet/applicationset/application-set.ts';
import { type Expansion, expandApplicationSet } from '../domain/fleet/applicationset/expand.ts';
import { generatorClusters } from '../domain/fleet/applicationset/fleet-clusters.ts';
import {
  type GeneratorInputs,
  type InputError,
  isInputError,
  type Need,
  NO_INPUTS,
} from '../domain/fleet/applicationset/generator-inputs.ts';
import type { RenderTemplates } from '../domain/fleet/applicationset/render.ts';
import { compileFleet } from '../domain/fleet/compile-fleet.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import { gatherDocuments } from '../domain/fleet/gather-documents.ts';
import type { FleetSnapshot } from '../domain/fleet/snapshot.ts';
import type { Repository, Tree } from '../ports/repository.ts';
import { documentsOf, findFleet, readFleetTexts } from './fleet-files.ts';

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
  templates: ReturnType<typeof createTemplates>;
  /** '' or a directory ending in a slash: documents are looked for below it. */
  prefix: string;
  /** The commit before, whose good documents stand for those that are wrong in this one. */
  previous?: FleetSnapshot;
}

/**
 * Compiles the documents of one commit as planning does: against the commit's own fleet file where it has one; without
 * one no cluster or project is in anybody's way. Git generators read this commit whatever they name. What other generators
 * ask of the world is not known here: their ApplicationSets stay pending (`application-set-pending` in the problems).
 */
export const compileCheckout = async (input: CompileInput): Promise<CompiledCheckout> => {
  const texts = await readFleetTexts(input.repository, input.tree, input.prefix);
  const fleet = findFleet(texts);
  const files = documentsOf(texts, fleet);
  const { previous } = input;
  const documents = gatherDocuments(files, previous);
  const inputs = new Map<string, GeneratorInputs>();
  const expansions = new Map<string, Expansion>();
  const render = await input.templates(documents.applicationSets);
  const start = startInputs(input.tree, fleet);
  for (const set of documents.applicationSets) {
    if (!isAnswerable(set.generators, fleet)) continue;
    const { expansion, read } = await expand(set, { ...start, render, input });
    expansions.set(applicationId(set), expansion);
    inputs.set(applicationId(set), read);
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

/** Whether the generators need nothing but this checkout: no forge, no plugin, no clusters that nobody wrote down. */
const isAnswerable = (generators: readonly Generator[], fleet: FleetFile | undefined): boolean =>
  generators.every(({ pullRequest, scmProvider, plugin, clusters, matrix, merge }) => {
    if (pullRequest || scmProvider || plugin || (clusters && !fleet)) return false;
    return [matrix, merge].every((nested) => isAnswerable(nested?.generators ?? [], fleet));
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

/** Starts the program for Go templates, once and only where a set needs it: that takes a second. */
export const createTemplates = (): ((sets: readonly ApplicationSet[]) => Promise<RenderTemplates>) => {
  let started: Promise<RenderTemplates> | undefined;
  return async (sets) => {
    if (!sets.some(({ goTemplate }) => goTemplate)) return NO_TEMPLATES;
    started ??= loadGoTemplates().then(startGoTemplates);
    return started;
  };
};

const NO_TEMPLATES: RenderTemplates = (requests) => requests.map(() => ({ error: 'no set asked for Go templates' }));

/** What all sets see: the fleet's clusters, and the commit's tree as it is listed once. */
const startInputs = (tree: Tree, fleet: FleetFile | undefined) => {
  const files = [...tree.entries.values()].filter(({ mode }) => mode === 'file' || mode === 'executable');
  return { listed: gitInput(files.map(({ path }) => path)), clusters: generatorClusters(fleet?.clusters ?? []) };
};

interface ExpandContext extends ReturnType<typeof startInputs> {
  render: RenderTemplates;
  input: CompileInput;
}

/** Generators name what they read in so many steps at most: a matrix of git generators takes two each. */
const STEPS_AT_MOST = 100;

const expand = async (
  set: ApplicationSet,
  context: ExpandContext,
): Promise<{ expansion: Expansion; read: GeneratorInputs }> => {
  let read: GeneratorInputs = { ...NO_INPUTS, clusters: context.clusters };
  for (let step = 0; step < STEPS_AT_MOST; step += 1) {
    const expansion = expandApplicationSet(set, read, context.render);
    if (!('needs' in expansion)) return { expansion, read };
    for (const need of expansion.needs) read = withAnswer(read, await answer(need, context));
  }
  return { expansion: { error: `what its generators read is not known after ${STEPS_AT_MOST} steps` }, read };
};

/** Never met: see `isAnswerable`. */
const OFFLINE: InputError = { error: 'not known without a running Towline' };

const answer = async (need: Need, { listed, input }: ExpandContext): Promise<Answer> => {
  switch (need.type) {
    case 'git':
      return { ...need, input: listed };
    case 'gitFiles':
      return { ...need, input: await readTexts(input, need.paths) };
    case 'pullRequests':
      return { ...need, input: OFFLINE };
    case 'scmRepositories':
      return { ...need, input: OFFLINE };
    case 'plugins':
      return { ...need, input: OFFLINE };
  }
};

const readTexts = async ({ repository, tree }: CompileInput, paths: readonly string[]) => {
  const entries = paths.flatMap((path) => tree.entries.get(path) ?? []);
  const blobs = await repository.readBlobs(entries.map(({ digest }) => digest));
  return Object.fromEntries(
    entries.map(({ path, digest }) => [path, Buffer.from(blobs.get(digest) ?? []).toString('utf8')]),
  );
};

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
