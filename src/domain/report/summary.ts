import type { SourceRevision } from '../source-revision.ts';

/** Applications of one environment in one rollout, by how far each has come. The five groups exclude each other. */
export interface EnvironmentSummary {
  name: string;
  /** Applications that the change affects here; 0: it affects none. */
  total: number;
  synced: number;
  progressing: number;
  failed: number;
  /** Waiting for a person: manual sync, closed sync window, approval. */
  waiting: number;
  /** A newer rollout took over. */
  superseded: number;
}

/** One application that failed; `message` names the file, path, namespace, project or cluster at fault. */
export interface ApplicationFailure {
  application: string;
  cluster: string;
  environment: string;
  message: string;
  /** It failed before anything reached a cluster: as a document, or while it was rendered. */
  stage?: 'compile' | 'render';
}

/** How far the applications of one rollout are rendered; those that failed or gave way are counted there alone. */
export interface RenderingSummary {
  total: number;
  rendered: number;
  failed: number;
  superseded: number;
}

export type RolloutState = 'pending' | 'running' | 'success' | 'failure' | 'canceled';

/** What a rollout tells the world: folded from its outcomes, the only input of statuses and messages. */
export interface RolloutSummary {
  rolloutId: string;
  /** Registered URL of the repository. */
  repository: string;
  /** Full ref name. */
  ref: string;
  commit: string;
  /** First line of the commit's message, where known. */
  subject?: string;
  /** Commits that its applications are taken from besides this one, and how many more than those there are. */
  sources?: SourceRevision[];
  moreSources?: number;
  /** Page of the rollout. */
  url: string;
  environments: EnvironmentSummary[];
  rendering: RenderingSummary;
  failures: ApplicationFailure[];
  /** Ids of applications that are gone from Git with this change. */
  removed?: string[];
  state: RolloutState;
}
