import { stableText } from '../../stable-digest.ts';
import type { LabelSelector, PathItem } from './application-set.ts';

/** A cluster as the cluster generator sees it. */
export interface GeneratorCluster {
  name: string;
  server: string;
  project?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** The cluster that Argo CD itself runs in and that nobody registered: it has no labels, and no selector finds it. */
  implied?: boolean;
}

export interface PullRequest {
  number: number;
  title: string;
  branch: string;
  targetBranch: string;
  headSHA: string;
  author: string;
  labels?: string[];
}

export interface ScmRepository {
  organization: string;
  repository: string;
  repositoryId?: number | string | null;
  url: string;
  branch: string;
  sha: string;
  labels?: string[];
}

/** A commit's tree: every directory and file, and the text of those files that were asked for. */
export interface GitInput {
  directories: string[];
  files: string[];
  contents: Record<string, string>;
}

/** What could not be read, and whether because the repository is not there. */
export interface InputError {
  error: string;
  notFound?: boolean;
}

/** What generators see of the world, as plain data: gathered before, so that expanding is pure. Keys: `keyOfNeed`. */
export interface GeneratorInputs {
  clusters: GeneratorCluster[] | InputError;
  git: Record<string, GitInput | InputError>;
  pullRequests: Record<string, PullRequest[] | InputError>;
  scmRepositories: Record<string, ScmRepository[] | InputError>;
  /** What a plugin answered: the list of its output parameters. */
  plugins: Record<string, Record<string, unknown>[] | InputError>;
  /** File patterns as newer Argo CDs read them if so configured (`*` stops at `/`); its default is that `*` does not. */
  newGlobbing?: boolean;
}

/** Something that a generator has to know and that the inputs do not hold yet. */
export type Need =
  | { type: 'git'; repoURL: string; revision: string }
  | { type: 'gitFiles'; repoURL: string; revision: string; paths: string[] }
  | ProviderNeed;

/** The kinds of inputs that no Git repository holds. */
export type ProviderType = 'pullRequests' | 'scmRepositories' | 'plugins';

/** What has to be asked of a forge or a plugin. */
export interface ProviderNeed {
  type: ProviderType;
  /** `request` as JSON with sorted keys. */
  key: string;
  request: Record<string, unknown>;
}

/** The name of a repository's tree in `GeneratorInputs.git`. */
export const gitKey = ({ repoURL, revision }: { repoURL: string; revision?: string | undefined }): string =>
  `${repoURL}#${revision || 'HEAD'}`;

/**
 * What a generator asks of a provider or plugin, apart from what is done with the answer; and its key among the inputs,
 * which is the request as JSON.
 */
export const providerRequest = (
  generator: Record<string, unknown>,
): { key: string; request: Record<string, unknown>; requeueAfterSeconds: { requeueAfterSeconds?: number } } => {
  const { values: _values, template: _template, requeueAfterSeconds, ...request } = generator;
  const requeue = typeof requeueAfterSeconds === 'number' && requeueAfterSeconds > 0 ? { requeueAfterSeconds } : {};
  return { key: stableText(request), request, requeueAfterSeconds: requeue };
};

/** Whether an input could not be read, so that its last good value has to stand. */
export const isInputError = (input: object): input is InputError => 'error' in input;

/** No inputs at all: expanding with them tells what is needed. */
export const NO_INPUTS: GeneratorInputs = { clusters: [], git: {}, pullRequests: {}, scmRepositories: {}, plugins: {} };

/** What a generator asked of the world, put so that it can be asked again without generating anything. */
export type GeneratorRead =
  | { type: 'directories' | 'files'; repoURL: string; revision: string; items: PathItem[] }
  | { type: 'clusters'; selector: LabelSelector }
  | ProviderRead;

/** What was asked of a forge or a plugin; its answer is asked for again after so many seconds. */
export interface ProviderRead {
  type: ProviderType;
  key: string;
  requeueAfterSeconds?: number;
}
