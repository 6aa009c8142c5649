import type { ApplicationSource } from '../domain/fleet/application.ts';
import { inspectOnce } from '../domain/sources/inspect.ts';
import type { Inspection } from '../domain/sources/inspection.ts';
import type { ClusterFacts } from '../domain/sources/render-key.ts';
import type { SourceContext } from '../domain/sources/source-context.ts';
import type { SourceTree } from '../domain/sources/source-tree.ts';
import { startTrace, type Trace } from '../domain/sources/trace.ts';

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

export interface SourceSettings {
  /** URL schemes allowed in `valueFiles` (argocd-cm `helm.valuesFileSchemes`); none by default. */
  valuesFileSchemes?: readonly string[];
}

export interface InspectInput {
  source: ApplicationSource;
  application: { name: string; namespace: string; project: string; destinationNamespace: string };
  tree: SourceTree;
  /** The commit that `tree` belongs to. */
  revision: string;
  /** By the name in `ref`, without the dollar sign. */
  refSources: ReadonlyMap<string, RefSource>;
  clusterFacts?: ClusterFacts;
  settings?: SourceSettings;
}

/** A source's files are read in this many rounds at most; each round reads what the last one came upon. */
const ROUNDS_AT_MOST = 100;

/**
 * Finds out what one source of an application is (Directory, Kustomize, Helm), everything its render reads, and how it is
 * to be rendered. Nothing is executed. What is wrong with the source is an answer (`ok: false`); errors: those of `files`.
 */
export const inspectSource =
  (deps: { files: SourceFiles }) =>
  async (input: InspectInput): Promise<Inspection> => {
    const texts = new Map<string, string>();
    const refTexts = new Map([...input.refSources.keys()].map((name) => [name, new Map<string, string>()]));
    for (let round = 0; round < ROUNDS_AT_MOST; round += 1) {
      const context = startPass(input, texts, refTexts);
      const inspection = inspectOnce(context);
      if (inspection) return inspection;
      await readWanted(deps.files, context.trace, texts);
      for (const [name, { files }] of input.refSources) {
        const trace = context.refs.get(name);
        if (trace) await readWanted(files, trace, refTexts.get(name) ?? new Map());
      }
    }
    throw new Error(`inspecting ${input.source.path} does not come to an end`);
  };

const startPass = (
  input: InspectInput,
  texts: ReadonlyMap<string, string>,
  refTexts: ReadonlyMap<string, ReadonlyMap<string, string>>,
): SourceContext => ({
  source: input.source,
  application: input.application,
  revision: input.revision,
  trace: startTrace(input.tree, texts),
  refs: new Map(
    [...input.refSources].map(([name, { tree }]) => [name, startTrace(tree, refTexts.get(name) ?? new Map(), name)]),
  ),
  ...(input.clusterFacts ? { clusterFacts: input.clusterFacts } : {}),
  valuesFileSchemes: input.settings?.valuesFileSchemes ?? [],
  warnings: [],
  used: new Set(),
});

const readWanted = async (files: SourceFiles, { wanted }: Trace, texts: Map<string, string>): Promise<void> => {
  if (wanted.size === 0) return;
  const read = await files.readText([...wanted]);
  // A path that could not be read counts as empty: asking again would not end.
  for (const path of wanted) texts.set(path, read.get(path) ?? '');
};
