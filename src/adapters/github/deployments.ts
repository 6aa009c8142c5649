import * as v from 'valibot';
import type { DeploymentState } from '../../domain/rollout.ts';
import type { Deployments, DeploymentUpdate, NewDeployment } from '../../ports/deployments.ts';
import { createGitHubWriter, type GitHubTarget, type GitHubWriterDeps } from './github-writer.ts';

const MAX_ENVIRONMENT = 255;
const MAX_DESCRIPTION = 140;
const PAGE_SIZE = 100;
const MAX_PAGES = 10;
/** Apart from the deployments that others make for the same environments. */
const TASK = 'deploy:towline';

/**
 * Deployments and their statuses on GitHub. One is found again by the key in its payload. Errors: as the port says. Tokens are
 * made for one repository and `deployments: write` alone. Sources: https://docs.github.com/rest/deployments/deployments,
 * https://docs.github.com/rest/deployments/statuses
 */
export const createGitHubDeployments = (deps: GitHubWriterDeps): Deployments => {
  const remedy =
    'the credentials need "Deployments: write" there (a classic token: repo_deployment), or take deployments out of the fleet file';
  const asking = createGitHubWriter(deps, { deployments: 'write' }, remedy);
  return {
    open: (deployment) =>
      asking(deployment.repository, async (at) => {
        const known = await findByKey(at, deployment);
        return known === undefined ? { id: await create(at, deployment), isNew: true } : { id: known, isNew: false };
      }),
    stateOf: (repository, id) =>
      asking(repository, async ({ octokit, target }) => {
        const path = 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses';
        const { data } = await octokit.request(path, { ...target, deployment_id: id, per_page: 1 });
        return data[0] && stateFrom(data[0].state);
      }),
    update: (repository, id, update) =>
      asking(repository, async ({ octokit, target }) => {
        const path = 'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses';
        await octokit.request(path, { ...target, deployment_id: id, ...bodyOf(update) });
      }),
  };
};

const StateSchema = v.picklist(['in_progress', 'queued', 'success', 'failure', 'inactive']);

/** A state that somebody else gave it is none of ours. */
const stateFrom = (state: string): DeploymentState | undefined => {
  const parsed = v.safeParse(StateSchema, state);
  return parsed.success ? parsed.output : undefined;
};

const environmentOf = ({ environment }: NewDeployment): string => environment.slice(0, MAX_ENVIRONMENT);

const findByKey = async ({ octokit, target }: GitHubTarget, deployment: NewDeployment): Promise<number | undefined> => {
  const path = 'GET /repos/{owner}/{repo}/deployments';
  const query = { sha: deployment.commit, task: TASK, environment: environmentOf(deployment), per_page: PAGE_SIZE };
  for (let page = 1; page <= MAX_PAGES; page++) {
    const { data } = await octokit.request(path, { ...target, ...query, page });
    const found = data.find(({ payload }) => keyOf(payload) === deployment.key);
    if (found || data.length < PAGE_SIZE) return found && Number(found.id);
  }
  return undefined;
};

const PayloadSchema = v.object({ towline: v.string() });

/** GitHub gives a payload back as it was sent, or as its JSON. */
const keyOf = (payload: unknown): string | undefined => {
  const parsed = v.safeParse(v.union([PayloadSchema, v.pipe(v.string(), v.parseJson(), PayloadSchema)]), payload);
  return parsed.success ? parsed.output.towline : undefined;
};

/** Of exactly this commit: nothing is merged into it, and no status of it has to be green first. */
const create = async ({ octokit, target }: GitHubTarget, deployment: NewDeployment): Promise<number> => {
  const { commit, key, production } = deployment;
  const { data } = await octokit.request('POST /repos/{owner}/{repo}/deployments', {
    ...target,
    ref: commit,
    task: TASK,
    environment: environmentOf(deployment),
    auto_merge: false,
    required_contexts: [],
    transient_environment: false,
    ...(production === undefined ? {} : { production_environment: production }),
    payload: { towline: key },
  });
  return v.parse(v.object({ id: v.number() }), data).id;
};

const bodyOf = ({ state, description, logURL, environmentURL, replacesEarlier }: DeploymentUpdate) => ({
  state,
  description: description.slice(0, MAX_DESCRIPTION),
  ...(logURL ? { log_url: logURL } : {}),
  ...(environmentURL ? { environment_url: environmentURL } : {}),
  auto_inactive: replacesEarlier,
});
