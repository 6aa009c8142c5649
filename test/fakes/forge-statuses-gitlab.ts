import type { CommitStatusSchema, PipelineSchema } from '@gitbeaker/rest';
import { Hono } from 'hono';
import * as v from 'valibot';

/** What GitLab keeps of a status; the names and types are its own, but for the nulls that it really sends. */
export interface GitLabStatusRow extends Pick<CommitStatusSchema, 'sha' | 'ref' | 'name'> {
  status: CommitStatusSchema['status'];
  description: NonNullable<CommitStatusSchema['description']> | null;
  target_url: CommitStatusSchema['target_url'] | null;
  pipeline_id: PipelineSchema['id'];
}

export interface FakeGitLabOptions {
  /** Full path of the project. */
  project: string;
  commits: readonly string[];
  /** A token with scope api and role Developer. */
  token: string;
  /** A token with role Reporter. */
  readToken?: string;
  /** GitLab since 18.3 takes the same state twice. */
  idempotent?: boolean;
}

const BodySchema = v.object({
  state: v.picklist(['pending', 'running', 'success', 'failed', 'canceled']),
  name: v.optional(v.pipe(v.string(), v.maxLength(255)), 'default'),
  ref: v.optional(v.string()),
  description: v.nullish(v.pipe(v.string(), v.maxLength(255)), null),
  target_url: v.nullish(v.pipe(v.string(), v.url(), v.maxLength(255)), null),
  pipeline_id: v.optional(v.number()),
});

type Body = v.InferOutput<typeof BodySchema>;

/** From which states GitLab's state machine lets an unfinished status go; a finished one is replaced by a new one. */
const FROM: Record<Body['state'], readonly string[]> = {
  pending: ['created'],
  running: ['created', 'pending'],
  success: ['created', 'pending', 'running'],
  failed: ['created', 'pending', 'running'],
  canceled: ['created', 'pending', 'running'],
};

/** GitLab's commit-status API, checking what GitLab checks; `fail` makes the next request fail as GitLab does. */
export const createFakeGitLab = (options: FakeGitLabOptions) => {
  const statuses: GitLabStatusRow[] = [];
  const posts: Body[] = [];
  const failures: Response[] = [];
  const app = new Hono();
  const message = (status: number, text: string) => Response.json({ message: text }, { status });

  app.use('/api/v4/*', async (c, next) => {
    const failure = failures.shift();
    if (failure) return failure;
    const token = c.req.header('private-token') ?? /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1];
    if (token !== options.token && token !== options.readToken) return message(401, '401 Unauthorized');
    if (c.req.method === 'POST' && token === options.readToken) return message(403, '403 Forbidden');
    await next();
    return undefined;
  });

  app.get('/api/v4/projects/:id/repository/commits/:sha/statuses', (c) => {
    if (c.req.param('id') !== options.project) return message(404, '404 Project Not Found');
    const { name, ref } = c.req.query();
    const latest = new Map(statuses.map((one) => [`${one.pipeline_id} ${one.ref} ${one.name}`, one]));
    const ofCommit = [...latest.values()].filter(({ sha }) => sha === c.req.param('sha'));
    return c.json(ofCommit.filter((one) => (!name || one.name === name) && (!ref || one.ref === ref)));
  });

  app.post('/api/v4/projects/:id/statuses/:sha', async (c) => {
    const { id, sha } = c.req.param();
    if (id !== options.project) return message(404, '404 Project Not Found');
    if (!options.commits.includes(sha)) return message(404, '404 Commit Not Found');
    const body = v.safeParse(BodySchema, await c.req.json());
    if (!body.success) return Response.json({ error: 'state does not have a valid value' }, { status: 400 });
    posts.push(body.output);
    const ref = body.output.ref ?? 'main';
    const pipeline = statuses.find((one) => one.sha === sha && one.ref === ref)?.pipeline_id ?? 1_000 + statuses.length;
    if (body.output.pipeline_id !== undefined && body.output.pipeline_id !== pipeline) {
      return message(404, '404 Pipeline for pipeline_id, sha and ref Not Found');
    }
    return write({ sha, ref, pipeline_id: pipeline, body: body.output });
  });

  const write = (input: { sha: string; ref: string; pipeline_id: number; body: Body }): Response => {
    const { sha, ref, pipeline_id, body } = input;
    const { name, state, description, target_url } = body;
    const unfinished = statuses.findLast(
      (one) =>
        one.sha === sha &&
        one.ref === ref &&
        one.name === name &&
        one.pipeline_id === pipeline_id &&
        ['created', 'pending', 'running'].includes(one.status),
    );
    const same = unfinished?.status === state && options.idempotent;
    if (unfinished && !same && !FROM[state].includes(unfinished.status)) {
      const verb = state === 'pending' ? 'enqueue' : 'run';
      return message(400, `Cannot transition status via :${verb} from :${unfinished.status} (Reason(s): …)`);
    }
    const row = { sha, ref, name, status: state, description, target_url, pipeline_id };
    if (unfinished) Object.assign(unfinished, row);
    else statuses.push(row);
    return Response.json({ id: statuses.length, ...row }, { status: 201 });
  };

  return {
    app,
    statuses,
    posts,
    fetch: (input: string | URL | Request, init?: RequestInit) => Promise.resolve(app.fetch(new Request(input, init))),
    fail: {
      limit: (headers: Record<string, string>) => failures.push(new Response('Retry later', { status: 429, headers })),
      status: (status: number) => failures.push(message(status, 'error')),
      redirect: (location: string) => failures.push(new Response(null, { status: 302, headers: { location } })),
    },
  };
};
