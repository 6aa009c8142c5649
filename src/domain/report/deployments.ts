import type { RepositoryConfig } from '../fleet/fleet-file.ts';
import { type DeploymentState, isRollback, type Rollout } from '../rollout.ts';
import { describeEnvironment } from './environment-statuses.ts';
import type { EnvironmentSummary, RolloutSummary } from './summary.ts';

/** How far each state is: within one attempt only a later one is told, so each at most once. */
const RANK: Readonly<Record<DeploymentState, number>> = {
  in_progress: 0,
  queued: 1,
  failure: 2,
  inactive: 2,
  success: 3,
};

/** What an environment's deployment is to be told. */
export interface DueDeployment {
  environment: string;
  state: DeploymentState;
  description: string;
  production?: boolean;
  url?: string;
  /** A rollout that a newer one took over says nothing about what is newer. */
  replacesEarlier: boolean;
}

/**
 * The deployments that lack the state that their environment has come to: of every environment that the fleet file names for
 * the repository, as far as the change affects applications there. A rollback is none: its commit is not what is deployed.
 */
export const dueDeployments = (
  rollout: Rollout,
  summary: RolloutSummary,
  { deployments }: Pick<RepositoryConfig, 'deployments'>,
): DueDeployment[] => {
  if (!deployments || isRollback(rollout) || summary.state === 'pending') return [];
  return summary.environments.flatMap((counts): DueDeployment[] => {
    const options = deployments === true ? {} : deployments[counts.name];
    const sent = rollout.deployments?.[counts.name];
    if (!options || counts.total === 0 || sent?.refused) return [];
    const { state, description } = standOf(counts, summary);
    const isTold = sent?.attempt === rollout.attempt && sent.state && RANK[state] <= RANK[sent.state];
    if (isTold || (state === 'inactive' && !sent)) return [];
    const replacesEarlier = !rollout.supersededBy && !rollout.ceded;
    return [{ environment: counts.name, state, description, ...options, replacesEarlier }];
  });
};

const standOf = (
  counts: EnvironmentSummary,
  { failures }: RolloutSummary,
): { state: DeploymentState; description: string } => {
  const failure = failures.find(({ environment }) => environment === counts.name || environment === '');
  const { state, description, waiting } = describeEnvironment(counts, failure);
  if (state === 'running' || state === 'pending') return { state: 'in_progress', description };
  if (state === 'canceled') return { state: 'inactive', description };
  return { state: state === 'success' && waiting ? 'queued' : state, description };
};

/** By which the deployment of one environment and rollout is known. */
export const deploymentKey = (rollout: string, environment: string): string => `${rollout}/${environment}`;
