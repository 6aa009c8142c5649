import type { components } from '@octokit/openapi-types';
import { Hono } from 'hono';
import * as v from 'valibot';

type State = components['schemas']['deployment-status']['state'];

/** What GitHub keeps of a deployment; the names and types are its own. */
export interface GitHubDeployment {
  id: number;
  sha: string;
  task: string;
  environment: string;
  production_environment: boolean;
  transient_environment: boolean;
  payload: unknown;
  statuses: { state: State; description: string; log_url: string; environment_url: string }[];
}

/** https://docs.github.com/rest/deployments/deployments#create-a-deployment */
const DeploymentSchema = v.object({
  ref: v.pipe(v.string(), v.minLength(1)),
  task: v.optional(v.string(), 'deploy'),
  auto_merge: v.optional(v.boolean(), true),
  required_contexts: v.optional(v.array(v.string())),
  payload: v.optional(v.union([v.record(v.string(), v.unknown()), v.string()]), ''),
  environment: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(255)), 'production'),
  transient_environment: v.optional(v.boolean(), false),
  production_environment: v.optional(v.boolean()),
});

const address = v.union([v.literal(''), v.pipe(v.string(), v.url())]);
/** https://docs.github.com/rest/deployments/statuses#create-a-deployment-status */
const StatusSchema = v.object({
  state: v.picklist(['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success']),
  description: v.optional(v.pipe(v.string(), v.maxLength(140)), ''),
  log_url: v.optional(address, ''),
  environment_url: v.optional(address, ''),
  auto_inactive: v.optional(v.boolean(), true),
});

export interface FakeDeploymentsOptions {
  /** `owner/name` as registered; compared without case, as GitHub does. */
  repository: string;
  /** Known commits, the newest of the default branch last. */
  commits: readonly string[];
  /** True for a token that may write deployments. */
  mayWrite: (token: string) => boolean;
  /** True where every commit status of the commit is green. */
  isGreen?: (sha: string) => boolean;
}

const error = (status: number, message: string, more: Record<string, unknown> = {}): Response =>
  Response.json({ message, documentation_url: 'https://docs.github.com/rest/deployments', ...more }, { status });
const invalid = (resource: string): Response =>
  error(422, 'Validation Failed', { errors: [{ resource, code: 'invalid' }] });

/** GitHub's deployments, checking what GitHub checks; `fail` makes the next request fail, `lose` drops the next answer. */
export const createFakeDeployments = (options: FakeDeploymentsOptions) => {
  const deployments: GitHubDeployment[] = [];
  const failures: Response[] = [];
  let losing = 0;
  const app = new Hono();

  app.use('/repos/:owner/:repo/*', async (c, next) => {
    const failure = failures.shift();
    if (failure) return failure;
    const token = /^(?:bearer|token) (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    const { owner, repo } = c.req.param();
    if (!token) return error(401, 'Requires authentication');
    if (`${owner}/${repo}`.toLowerCase() !== options.repository.toLowerCase()) return error(404, 'Not Found');
    if (c.req.method === 'POST' && !options.mayWrite(token)) {
      return error(403, 'Resource not accessible by personal access token');
    }
    await next();
    if (c.req.method !== 'POST' || losing === 0) return undefined;
    losing--;
    c.res = undefined;
    c.res = error(502, 'Server Error');
    return undefined;
  });

  app.post('/repos/:owner/:repo/deployments', async (c) => {
    const parsed = v.safeParse(DeploymentSchema, await c.req.json());
    if (!parsed.success) return invalid('Deployment');
    const { ref, auto_merge: mayMerge, required_contexts: required, ...rest } = parsed.output;
    if (!options.commits.includes(ref)) return error(422, `No ref found for: ${ref}`);
    // Behind the default branch, that is merged first, and nothing is deployed.
    if (mayMerge && ref !== options.commits.at(-1)) return c.json({ message: 'Auto-merged' }, 202);
    const isGreen = required?.length === 0 || (options.isGreen?.(ref) ?? true);
    if (!isGreen) return error(409, 'Conflict: Commit status checks failed');
    const production = rest.production_environment ?? rest.environment === 'production';
    const row = { ...rest, id: deployments.length + 1, sha: ref, production_environment: production, statuses: [] };
    deployments.push(row);
    return c.json(row, 201);
  });

  app.get('/repos/:owner/:repo/deployments', (c) => {
    const { sha, task, environment, per_page: size = '30', page = '1' } = c.req.query();
    const found = deployments.filter(
      (one) =>
        (!sha || one.sha === sha) && (!task || one.task === task) && (!environment || one.environment === environment),
    );
    const start = (Number(page) - 1) * Math.min(100, Number(size));
    return c.json(found.toReversed().slice(start, start + Math.min(100, Number(size))));
  });

  app.post('/repos/:owner/:repo/deployments/:id/statuses', async (c) => {
    const known = deployments.find(({ id }) => String(id) === c.req.param('id'));
    if (!known) return error(404, 'Not Found');
    const parsed = v.safeParse(StatusSchema, await c.req.json());
    if (!parsed.success) return invalid('DeploymentStatus');
    const { auto_inactive: replaces, ...status } = parsed.output;
    known.statuses.push(status);
    if (status.state === 'success' && replaces) endEarlier(deployments, known);
    return c.json({ id: known.statuses.length, ...status }, 201);
  });

  app.get('/repos/:owner/:repo/deployments/:id/statuses', (c) => {
    const known = deployments.find(({ id }) => String(id) === c.req.param('id'));
    if (!known) return error(404, 'Not Found');
    return c.json(known.statuses.toReversed().slice(0, Number(c.req.query('per_page') ?? 30)));
  });

  return {
    app,
    deployments,
    fetch: (input: string | URL | Request, init?: RequestInit) => Promise.resolve(app.fetch(new Request(input, init))),
    /** The next writes are done, and never answered. */
    lose: (count: number) => {
      losing = count;
    },
    fail: (response: Response) => failures.push(response),
  };
};

/** `auto_inactive`: those that succeeded in the environment before, neither transient nor production, are over. */
const endEarlier = (all: readonly GitHubDeployment[], { id, environment }: GitHubDeployment): void => {
  for (const one of all) {
    const isOther = one.id < id && one.environment === environment;
    if (!isOther || one.transient_environment || one.production_environment) continue;
    if (one.statuses.at(-1)?.state !== 'success') continue;
    one.statuses.push({ state: 'inactive', description: '', log_url: '', environment_url: '' });
  }
};
