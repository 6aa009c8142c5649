import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';
import type { DeploymentState } from '../domain/rollout.ts';

/** One environment's part of a rollout, as the forge lists it among the commit's deployments. */
export interface NewDeployment {
  repository: RepositoryConfig;
  commit: string;
  environment: string;
  /** End users are in it; absent: what the forge makes of the name. */
  production?: boolean;
  /** By which it is found again. */
  key: string;
}

/** What a deployment has come to. */
export interface DeploymentUpdate {
  state: DeploymentState;
  /** At most 140 characters; longer text is cut by the caller. */
  description: string;
  /** Page of the rollout. */
  logURL?: string;
  /** Where the environment itself is. */
  environmentURL?: string;
  /** Those that succeeded there before are over. */
  replacesEarlier: boolean;
}

/**
 * Deployments of a forge. Errors: AppError `forge-unreachable`, `forge-rate-limited` (transient, with retryAfterSeconds),
 * `forge-denied`, `commit-unknown`, `status-refused` (permanent).
 */
export interface Deployments {
  /** The deployment of this key; it is opened where there is none yet (`isNew`). */
  open(deployment: NewDeployment): Promise<{ id: number; isNew: boolean }>;
  /** Its newest state; undefined: none was told yet. */
  stateOf(repository: RepositoryConfig, id: number): Promise<DeploymentState | undefined>;
  update(repository: RepositoryConfig, id: number, update: DeploymentUpdate): Promise<void>;
}
