import type { Renderable } from './bundle.ts';
import type { SourceInput } from './inputs.ts';

export type SourceType = 'Directory' | 'Kustomize' | 'Helm';

/** Something odd about a source that does no harm to its render. */
export interface SourceWarning {
  code: string;
  message: string;
  file?: string;
  line?: number;
}

/** Every way in which a source can be at fault. */
export const SOURCE_ERROR_CODES = [
  'path-missing',
  'source-invalid',
  'source-unsupported',
  'source-too-large',
  'kustomization-invalid',
  'kustomization-missing-file',
  'remote-base-unsupported',
  'remote-file-missing',
  'chart-invalid',
  'chart-dependencies-missing',
  'chart-repository-unsupported',
  'plugin-unsupported',
  'jsonnet-unsupported',
  'value-file-missing',
  'value-file-refused',
  'ref-source-missing',
  'path-escapes',
  'symlink-refused',
  'lfs-unsupported',
  'submodule-unsupported',
] as const;

export type SourceErrorCode = (typeof SOURCE_ERROR_CODES)[number];

/** Why a source cannot be rendered, fit for a commit status. */
export interface SourceError extends SourceWarning {
  code: SourceErrorCode;
}

/** What a source read, in its own tree and in the trees of the `ref` sources that it takes value files from. */
export interface InspectedInputs {
  inputs: SourceInput[];
  /** By the `ref` source's name. A change of these affects the application as much as one of `inputs`. */
  refInputs: Record<string, SourceInput[]>;
}

/** A source that can be rendered, and everything its render depends on. */
export interface InspectedSource extends InspectedInputs, Renderable {
  ok: true;
  type: SourceType;
  /** The source reads the cluster's Kubernetes version or API versions. */
  usesClusterFacts: boolean;
  /** What it reads of the cluster. */
  clusterUse: { kubeVersion: boolean; apiVersions: boolean };
  /** The source reads the commit, so each commit is a render of its own. */
  usesRevision: boolean;
  warnings: SourceWarning[];
}

/** A source that cannot be rendered. Its inputs say what was looked for, so that the commit that mends it is noticed. */
export interface FailedSource extends InspectedInputs {
  ok: false;
  error: SourceError;
  warnings: SourceWarning[];
}

export type Inspection = InspectedSource | FailedSource;
