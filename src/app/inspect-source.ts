import { AppError } from '../domain/errors.ts';
import type { ApplicationSource } from '../domain/fleet/application.ts';
import type { SourceSettings } from '../domain/settings/argo-settings.ts';
import { inspectOnce } from '../domain/sources/inspect.ts';
import type { Inspection } from '../domain/sources/inspection.ts';
import { otherPrefix } from '../domain/sources/other-trees.ts';
import type { ClusterFacts } from '../domain/sources/render-key.ts';
import type { SourceContext } from '../domain/sources/source-context.ts';
import type { SourceTree } from '../domain/sources/source-tree.ts';
import { type OtherRequest, type OtherTree, type OtherTrees, startTrace, type Trace } from '../domain/sources/trace.ts';
import { eachOf } from './each-of.ts';

/** Reads files of one commit. Paths that name no file are missing in the answer. */
export interface SourceFiles {
  readText(paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** A source that lends its files to others as `$name/…`. */
export interface RefSource {
  tree: SourceTree;
  files: SourceFiles;
  revision: string;
}

/** A tree of elsewhere, and the directory in it that was asked for. */
export interface OpenedTree extends RefSource {
  path: string;
}

/** Opens what a source reads of elsewhere; `key` is the `ref` that its files have in the bundle. */
export type OpenTree = (key: string, request: OtherRequest) => Promise<OpenedTree>;

export interface InspectDeps {
  files: SourceFiles;
  /** Absent: dependencies of charts have to be in charts/, and remote bases are refused. */
  openTree?: OpenTree;
}

type OpenedTrees = Map<string, (OpenedTree & { texts: Map<string, string> }) | { reason: string }>;

export interface InspectInput {
  source: ApplicationSource;
  application: { name: string; namespace: string; project: string; destinationNamespace: string };
  tree: SourceTree;
  /** The commit that `tree` belongs to. */
  revision: string;
  /** By the name in `ref`, without the dollar sign. */
  refSources: ReadonlyMap<string, RefSource>;
  clusterFacts?: ClusterFacts;
  /** What Argo CD's `argocd-cm` says of sources. */
  settings?: SourceSettings | undefined;
}

/** A source's files are read in this many rounds at most; each round reads what the last one came upon. */
const ROUNDS_AT_MOST = 100;

/**
 * Finds out what one source of an application is (Directory, Kustomize, Helm), everything its render reads, and how it is
 * to be rendered. Nothing is executed. What is wrong with the source is an answer (`ok: false`); errors: those of `files`.
 */
export const inspectSource =
  (deps: InspectDeps) =>
  async (input: InspectInput): Promise<Inspection> => {
    const texts = new Map<string, string>();
    const others: OpenedTrees = new Map();
    const refTexts = new Map([...input.refSources.keys()].map((name) => [name, new Map<string, string>()]));
    for (let round = 0; round < ROUNDS_AT_MOST; round += 1) {
      const context = startPass(input, texts, refTexts, others);
      const inspection = inspectOnce(context);
      if (inspection) return inspection;
      await readWanted(deps.files, context.trace, texts);
      for (const [name, { files }] of input.refSources) {
        const trace = context.refs.get(name);
        if (trace) await readWanted(files, trace, refTexts.get(name) ?? new Map());
      }
      await readOthers(deps, context, others);
    }
    throw new Error(`inspecting ${input.source.path} does not come to an end`);
  };

const startPass = (
  input: InspectInput,
  texts: ReadonlyMap<string, string>,
  refTexts: ReadonlyMap<string, ReadonlyMap<string, string>>,
  opened: OpenedTrees,
): SourceContext => {
  const others = startOthers(opened);
  return {
    source: input.source,
    application: input.application,
    revision: input.revision,
    trace: { ...startTrace(input.tree, texts), others },
    others,
    refs: new Map(
      [...input.refSources].map(([name, { tree }]) => [name, startTrace(tree, refTexts.get(name) ?? new Map(), name)]),
    ),
    ...(input.clusterFacts ? { clusterFacts: input.clusterFacts } : {}),
    valuesFileSchemes: input.settings?.valuesFileSchemes ?? ['https', 'http'],
    disabled: input.settings?.disabled ?? [],
    warnings: [],
    used: new Set(),
  };
};

/** Every tree of the pass knows the others: a remote base may have remote bases. */
const startOthers = (opened: OpenedTrees): OtherTrees => {
  const known = new Map<string, OtherTree>();
  const others: OtherTrees = { known, wanted: new Map() };
  for (const [key, one] of opened) {
    if ('reason' in one) known.set(key, one);
    else {
      const trace = { ...startTrace(one.tree, one.texts, key), prefix: otherPrefix(key), others };
      known.set(key, { trace, path: one.path });
    }
  }
  return others;
};

const OTHERS_AT_MOST = 100;

const readOthers = async (deps: InspectDeps, { others }: SourceContext, opened: OpenedTrees): Promise<void> => {
  for (const [key, one] of others.known) {
    const tree = opened.get(key);
    if ('trace' in one && tree && 'files' in tree) await readWanted(tree.files, one.trace, tree.texts);
  }
  const wanted = [...others.wanted.keys()];
  const results = await openAll(deps, others.wanted, OTHERS_AT_MOST - opened.size);
  for (const key of wanted) {
    const tree = results.get(key) ?? { reason: `is one of more than ${OTHERS_AT_MOST} others` };
    opened.set(key, 'reason' in tree ? tree : { ...tree, texts: new Map() });
  }
};

const OPENED_AT_ONCE = 8;

/**
 * Opens up to `room` trees. Where one does not answer, those that were not asked for yet are not: the source cannot be
 * rendered anyway, and a hundred silent servers would hold up everybody's plan.
 */
const openAll = async (
  deps: InspectDeps,
  wanted: ReadonlyMap<string, OtherRequest>,
  room: number,
): Promise<ReadonlyMap<string, OpenedTree | { reason: string }>> => {
  const results = new Map<string, OpenedTree | { reason: string }>();
  let silent: string | undefined;
  await eachOf([...wanted].slice(0, Math.max(room, 0)), OPENED_AT_ONCE, async ([key, request]) => {
    const tree =
      silent === undefined ? await openOther(deps, key, request) : { reason: `was not asked for: ${silent}` };
    if ('silent' in tree && tree.silent) silent = tree.reason;
    results.set(key, tree);
  });
  return results;
};

const openOther = async ({ openTree }: InspectDeps, key: string, request: OtherRequest) => {
  if (!openTree) return { reason: 'is not read here: copy it into the repository' };
  try {
    return await openTree(key, request);
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'transient') throw error;
    return { reason: error.message, silent: error.code === 'chart-repository-unreachable' };
  }
};

const readWanted = async (files: SourceFiles, { wanted }: Trace, texts: Map<string, string>): Promise<void> => {
  if (wanted.size === 0) return;
  const read = await files.readText([...wanted]);
  // A path that could not be read counts as empty: asking again would not end.
  for (const path of wanted) texts.set(path, read.get(path) ?? '');
};
