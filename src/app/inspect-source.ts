import type { ApplicationSource } from '../domain/fleet/application.ts';
import type { Inspection } from '../domain/sources/inspection.ts';
import type { ClusterFacts } from '../domain/sources/render-key.ts';
import type { SourceTree } from '../domain/sources/source-tree.ts';

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

/**
 * Finds out what one source of an application is (Directory, Kustomize, Helm), everything its render reads, and how it is
 * to be rendered. Nothing is executed. What is wrong with the source is an answer (`ok: false`); errors: those of `files`.
 */
export type { Inspection } from '../domain/sources/inspection.ts';
export const inspectSource =
  (_deps: { files: SourceFiles }) =>
  async (_input: InspectInput): Promise<Inspection> => {
    throw new Error('not made yet');
  };
