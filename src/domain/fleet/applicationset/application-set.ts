import type { Origin } from '../application.ts';

/** Named values that a generator makes; nested where the set uses Go templates, flat (`a.b`) where it does not. */
export type Params = Record<string, unknown>;

/** Part of an Application, as a template: any string in it may hold placeholders. */
export type Template = Record<string, unknown>;

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface ListGenerator {
  elements?: Params[];
  elementsYaml?: string;
  template?: Template;
}

export interface ClusterGenerator {
  selector?: LabelSelector;
  values?: Record<string, string>;
  flatList?: boolean;
  template?: Template;
}

/** A pattern of paths that are taken, or left out. */
export interface PathItem {
  path: string;
  exclude?: boolean;
}

export interface GitGenerator {
  repoURL: string;
  revision?: string;
  directories?: PathItem[];
  files?: PathItem[];
  pathParamPrefix?: string;
  values?: Record<string, string>;
  requeueAfterSeconds?: number;
  template?: Template;
}

export interface PullRequestGenerator {
  filters?: { branchMatch?: string; targetBranchMatch?: string; titleMatch?: string }[];
  values?: Record<string, string>;
  continueOnRepoNotFoundError?: boolean;
  requeueAfterSeconds?: number;
  template?: Template;
  /** `github`, `gitlab`, …: whom to ask, and for what. */
  [provider: string]: unknown;
}

export interface ScmProviderGenerator {
  filters?: {
    repositoryMatch?: string;
    labelMatch?: string;
    branchMatch?: string;
    pathsExist?: string[];
    pathsDoNotExist?: string[];
  }[];
  cloneProtocol?: string;
  values?: Record<string, string>;
  requeueAfterSeconds?: number;
  template?: Template;
  [provider: string]: unknown;
}

export interface PluginGenerator {
  configMapRef: { name: string };
  input?: { parameters?: Record<string, unknown> };
  values?: Record<string, string>;
  requeueAfterSeconds?: number;
  template?: Template;
}

export interface MatrixGenerator {
  generators: Generator[];
  template?: Template;
}

export interface MergeGenerator extends MatrixGenerator {
  mergeKeys?: string[];
}

/** One item of `spec.generators`: one kind of generator, and a selector over the params that it makes. */
export interface Generator {
  selector?: LabelSelector;
  list?: ListGenerator;
  clusters?: ClusterGenerator;
  git?: GitGenerator;
  pullRequest?: PullRequestGenerator;
  scmProvider?: ScmProviderGenerator;
  plugin?: PluginGenerator;
  clusterDecisionResource?: Record<string, unknown>;
  matrix?: MatrixGenerator;
  merge?: MergeGenerator;
}

export const GENERATOR_KINDS = [
  'list',
  'clusters',
  'git',
  'scmProvider',
  'clusterDecisionResource',
  'pullRequest',
  'matrix',
  'merge',
  'plugin',
] as const;

export type GeneratorKind = (typeof GENERATOR_KINDS)[number];

/** The kinds that an item names; more than one is two generators at the top, and an error within matrix and merge. */
export const kindsOf = (generator: Generator): GeneratorKind[] =>
  GENERATOR_KINDS.filter((kind) => generator[kind] !== undefined && generator[kind] !== null);

/** Fields that a set leaves as they are, in all of its Applications or the one that is named. */
export interface IgnoredFields {
  name?: string;
  jsonPointers?: string[];
  jqPathExpressions?: string[];
}

export type ApplicationsSyncPolicy = 'create-only' | 'create-update' | 'create-delete' | 'sync';

/**
 * Argo CD's ApplicationSet, as far as it decides which Applications there are.
 * https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/applicationset-specification/
 */
export interface ApplicationSet {
  name: string;
  namespace: string;
  generators: Generator[];
  template: Template;
  templatePatch?: string;
  goTemplate: boolean;
  goTemplateOptions: string[];
  preserveResourcesOnDeletion: boolean;
  applicationsSync: ApplicationsSyncPolicy;
  /** Annotations and labels of its Applications that keep the value they once had. */
  preservedFields?: { annotations?: string[]; labels?: string[] };
  ignoreApplicationDifferences?: IgnoredFields[];
  origin: Origin;
}
