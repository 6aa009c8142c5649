import { createPublicKey, verify } from 'node:crypto';
import type { components } from '@octokit/openapi-types';
import { type Context, Hono } from 'hono';
import * as v from 'valibot';

type Status = components['schemas']['status'];

/** What GitHub keeps of a status; the names and types are its own. */
export type GitHubStatusRow = Pick<Status, 'context' | 'state' | 'description' | 'target_url'> & { sha: string };

export interface FakeGitHubOptions {
  /** `owner/name` as registered; compared without case, as GitHub does. */
  repository: string;
  commits: readonly string[];
  /** A token that may write statuses. */
  token?: string;
  /** A token that may only read. */
  readToken?: string;
  /** `granted`: what the installation may; absent: everything. */
  app?: { id: string; publicKey: string; installationId: number; granted?: readonly string[] };
  /** Statuses of one context on one commit; GitHub's is 1,000. */
  maxStatuses?: number;
}

const BodySchema = v.object({
  state: v.picklist(['error', 'failure', 'pending', 'success']),
  context: v.optional(v.pipe(v.string(), v.maxLength(255)), 'default'),
  description: v.nullish(v.pipe(v.string(), v.maxLength(140)), null),
  target_url: v.nullish(v.pipe(v.string(), v.url()), null),
});

/** https://docs.github.com/rest/checks/runs: `conclusion` and `completed` only together, at most 50 annotations a request. */
const CheckSchema = v.pipe(
  v.object({
    name: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
    head_sha: v.optional(v.string()),
    external_id: v.optional(v.string()),
    details_url: v.optional(v.pipe(v.string(), v.url())),
    status: v.picklist(['queued', 'in_progress', 'completed']),
    conclusion: v.optional(v.picklist(['success', 'failure', 'cancelled'])),
    completed_at: v.optional(v.pipe(v.string(), v.isoTimestamp())),
    output: v.object({
      title: v.pipe(v.string(), v.minLength(1)),
      summary: v.pipe(v.string(), v.maxLength(65_535)),
      annotations: v.optional(
        v.pipe(
          v.array(
            v.object({
              path: v.pipe(v.string(), v.minLength(1)),
              start_line: v.pipe(v.number(), v.integer(), v.minValue(1)),
              end_line: v.pipe(v.number(), v.integer(), v.minValue(1)),
              annotation_level: v.picklist(['notice', 'warning', 'failure']),
              message: v.pipe(v.string(), v.minLength(1), v.maxLength(65_535)),
            }),
          ),
          v.maxLength(50),
        ),
      ),
    }),
  }),
  v.check(({ status, conclusion }) => (status === 'completed') === (conclusion !== undefined)),
);
type CheckBody = v.InferOutput<typeof CheckSchema>;
interface CheckRun extends Omit<CheckBody, 'head_sha' | 'conclusion' | 'output'> {
  id: number;
  head_sha: string;
  conclusion: string | null;
  output: { title: string; summary: string };
  annotations: unknown[];
}

const DOCS = 'https://docs.github.com/rest/commits/statuses#create-a-commit-status';
const LIMITS =
  'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits';

/** GitHub's commit-status API, checking what GitHub checks; `fail` makes the next request fail as GitHub does. */
export const createFakeGitHub = (options: FakeGitHubOptions) => {
  const statuses: GitHubStatusRow[] = [];
  const grants: { repositories: unknown; permissions: unknown }[] = [];
  const failures: Response[] = [];
  const outage: { answer?: (() => Response) | undefined; lose: number } = { lose: 0 };
  const installationTokens = new Set<string>();
  const app = new Hono();
  const known = (owner: string, repo: string) => `${owner}/${repo}`.toLowerCase() === options.repository.toLowerCase();
  const error = (status: number, message: string, more: Record<string, unknown> = {}) =>
    Response.json({ message, documentation_url: DOCS, status: String(status), ...more }, { status });

  app.use(async (c, next) => {
    const failure = failures.shift() ?? outage.answer?.();
    if (failure) return failure;
    if (!c.req.header('user-agent')) return error(403, 'Request forbidden by administrative rules.');
    await next();
    if (outage.lose === 0 || c.req.method === 'GET' || c.req.path.endsWith('/access_tokens')) return undefined;
    outage.lose--;
    c.res = undefined;
    c.res = Response.json({ message: 'Server Error' }, { status: 502 });
    return undefined;
  });

  app.get('/repos/:owner/:repo/installation', (c) => {
    if (!isAppToken(c.req.header('authorization'), options.app))
      return error(401, 'A JSON web token could not be decoded');
    if (!known(c.req.param('owner'), c.req.param('repo'))) return error(404, 'Not Found');
    return c.json({ id: options.app?.installationId });
  });

  app.post('/app/installations/:id/access_tokens', async (c) => {
    if (!isAppToken(c.req.header('authorization'), options.app))
      return error(401, 'A JSON web token could not be decoded');
    if (Number(c.req.param('id')) !== options.app?.installationId) return error(404, 'Not Found');
    const { repositories, permissions } = await c.req.json();
    const { granted } = options.app;
    if (granted && Object.keys(permissions ?? {}).some((one) => !granted.includes(one))) {
      return error(422, 'The permissions requested are not granted to this installation.');
    }
    grants.push({ repositories, permissions });
    const token = `ghs_${grants.length}`;
    installationTokens.add(token);
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    return c.json({ token, expires_at, permissions, repository_selection: 'selected' }, 201);
  });

  app.post('/repos/:owner/:repo/statuses/:sha', async (c) => {
    const { owner, repo, sha } = c.req.param();
    const token = /^(?:bearer|token) (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
    if (token !== options.readToken && token !== options.token && !installationTokens.has(token)) {
      return error(401, 'Bad credentials');
    }
    if (!known(owner, repo)) return error(404, 'Not Found');
    if (token === options.readToken) return error(403, 'Resource not accessible by personal access token');
    if (!options.commits.includes(sha)) return error(422, `No commit found for SHA: ${sha}`);
    const body = v.safeParse(BodySchema, await c.req.json());
    if (!body.success) return error(422, 'Validation Failed', { errors: [{ resource: 'Status', code: 'invalid' }] });
    const context = body.output.context.toLowerCase();
    const same = statuses.filter((one) => one.sha === sha && one.context.toLowerCase() === context);
    if (same.length >= (options.maxStatuses ?? 1_000)) {
      return error(422, 'Validation Failed', { errors: [{ resource: 'Status', code: 'custom' }] });
    }
    const row = { sha, ...body.output };
    statuses.push(row);
    return c.json({ id: statuses.length, ...row }, 201);
  });

  app.get('/repos/:owner/:repo/commits/:ref/statuses', (c) => {
    const { owner, repo, ref } = c.req.param();
    if (!c.req.header('authorization')) return error(401, 'Requires authentication');
    if (!known(owner, repo)) return error(404, 'Not Found');
    const size = Math.min(Number(c.req.query('per_page') ?? 30), 100);
    const start = (Number(c.req.query('page') ?? 1) - 1) * size;
    const newestFirst = statuses.filter(({ sha }) => sha === ref).toReversed();
    return c.json(newestFirst.slice(start, start + size));
  });

  const checkRuns: CheckRun[] = [];
  const checking = async (c: Context): Promise<CheckBody | Response> => {
    const { owner = '', repo = '' } = c.req.param() as Record<string, string | undefined>;
    const token = /^(?:bearer|token) (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
    if (!known(owner, repo)) return error(404, 'Not Found');
    if (!installationTokens.has(token)) return error(403, 'You must authenticate via a GitHub App.');
    const body = v.safeParse(CheckSchema, await c.req.json());
    const invalid = { errors: [{ resource: 'CheckRun', code: 'invalid' }] };
    return body.success ? body.output : error(422, 'Invalid request.', invalid);
  };
  app.post('/repos/:owner/:repo/check-runs', async (c) => {
    const body = await checking(c);
    if (body instanceof Response) return body;
    if (!body.head_sha || !options.commits.includes(body.head_sha)) return error(422, 'No commit found for SHA');
    const { annotations = [], ...output } = body.output;
    const row = { conclusion: null, ...body, head_sha: body.head_sha, id: checkRuns.length + 1, output, annotations };
    checkRuns.push(row);
    return c.json(row, 201);
  });
  app.patch('/repos/:owner/:repo/check-runs/:id', async (c) => {
    const body = await checking(c);
    if (body instanceof Response) return body;
    const row = checkRuns.find(({ id }) => String(id) === c.req.param('id'));
    if (!row) return error(404, 'Not Found');
    const { annotations = [], ...output } = body.output;
    const conclusion = body.conclusion ?? null;
    Object.assign(row, { ...body, conclusion, output, annotations: [...row.annotations, ...annotations] });
    return c.json(row);
  });
  app.get('/repos/:owner/:repo/commits/:ref/check-runs', (c) => {
    const ofName = checkRuns.filter(
      (one) => one.head_sha === c.req.param('ref') && one.name === c.req.query('check_name'),
    );
    const latest = ofName.slice(-1);
    return c.json({ total_count: latest.length, check_runs: latest });
  });

  return {
    app,
    checkRuns,
    statuses,
    grants,
    /** What every request is answered with until it is taken away, and how many of the next writes are never answered. */
    outage,
    fetch: (input: string | URL | Request, init?: RequestInit) => Promise.resolve(app.fetch(new Request(input, init))),
    fail: {
      secondaryLimit: (retryAfter?: string) =>
        failures.push(
          Response.json(
            { message: 'You have exceeded a secondary rate limit.', documentation_url: LIMITS },
            { status: 403, headers: retryAfter ? { 'retry-after': retryAfter } : {} },
          ),
        ),
      primaryLimit: (reset: number) =>
        failures.push(
          Response.json(
            { message: 'API rate limit exceeded', documentation_url: LIMITS },
            { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) } },
          ),
        ),
      status: (status: number) => failures.push(Response.json({ message: 'Server Error' }, { status })),
    },
  };
};

/** A JSON web token signed with the App's key (RS256), issued by it, not yet over. */
const isAppToken = (header: string | undefined, app: FakeGitHubOptions['app']): boolean => {
  const [head, payload, signature] = (/^bearer (.+)$/i.exec(header ?? '')?.[1] ?? '').split('.');
  if (!app || !head || !payload || !signature) return false;
  const signed = Buffer.from(`${head}.${payload}`);
  if (!verify('RSA-SHA256', signed, createPublicKey(app.publicKey), Buffer.from(signature, 'base64url'))) return false;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return String(claims.iss) === app.id && claims.exp > Date.now() / 1000 && claims.exp - claims.iat <= 660;
};
