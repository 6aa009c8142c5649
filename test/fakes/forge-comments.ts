import type { MergeRequestNoteSchema } from '@gitbeaker/rest';
import type { components } from '@octokit/openapi-types';
import { Hono } from 'hono';
import * as v from 'valibot';

/** GitHub's limit; GitLab's is 1,000,000. */
const MAX_BODY = { github: 65_536, gitlab: 1_000_000 } as const;
const BodySchema = v.object({ body: v.pipe(v.string(), v.minLength(1)) });

/** What both forges answer a comment with, by the names and types of their own. */
type Comment = Required<Pick<components['schemas']['issue-comment'], 'id' | 'body'>> &
  Pick<MergeRequestNoteSchema, 'id' | 'body'>;

export interface FakeCommentsOptions {
  forge: 'github' | 'gitlab';
  /** `owner/name`, or the full path of the project. */
  repository: string;
  /** The pull request, or merge request. */
  number: number;
  token: string;
  readToken: string;
}

/**
 * The comments of one pull request, checking what the forges check: the token and what it may do, the body and its length,
 * that the comment is there; pages of at most 100. Sources: GitHub's REST API "Issue comments", GitLab's "Notes API".
 */
export const createFakeComments = (options: FakeCommentsOptions) => {
  const comments: Comment[] = [];
  const failures: Response[] = [];
  const requests: string[] = [];
  const app = new Hono();
  const isGitHub = options.forge === 'github';
  const message = (status: number, text: string) => Response.json({ message: text }, { status });

  app.use(async (c, next) => {
    requests.push(`${c.req.method} ${new URL(c.req.url).pathname}`);
    const failure = failures.shift();
    if (failure) return failure;
    const token = c.req.header('private-token') ?? /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    if (token !== options.token && token !== options.readToken) return message(401, 'Unauthorized');
    if (c.req.method !== 'GET' && token === options.readToken) return message(403, 'Forbidden');
    await next();
    return undefined;
  });

  const read = async (request: Request): Promise<string | undefined> => {
    const parsed = v.safeParse(BodySchema, await request.json().catch(() => undefined));
    return parsed.success && parsed.output.body.length <= MAX_BODY[options.forge] ? parsed.output.body : undefined;
  };
  const list = (query: Record<string, string>): Response => {
    const size = Math.min(Number(query['per_page'] ?? 20), 100);
    const start = (Number(query['page'] ?? 1) - 1) * size;
    return Response.json(comments.slice(start, start + size));
  };
  const write = async (request: Request): Promise<Response> => {
    const body = await read(request);
    if (body === undefined) return message(isGitHub ? 422 : 400, 'Validation Failed');
    const comment = { id: 1_000 + comments.length, body };
    comments.push(comment);
    return Response.json(comment, { status: 201 });
  };
  const edit = async (id: string, request: Request): Promise<Response> => {
    const known = comments.find((one) => String(one.id) === id);
    if (!known) return message(404, 'Not Found');
    const body = await read(request);
    if (body === undefined) return message(isGitHub ? 422 : 400, 'Validation Failed');
    known.body = body;
    return Response.json(known);
  };
  if (isGitHub) {
    const base = `/repos/${options.repository}/issues`;
    app.get(`${base}/${options.number}/comments`, (c) => list(c.req.query()));
    app.post(`${base}/${options.number}/comments`, (c) => write(c.req.raw));
    app.patch(`${base}/comments/:id`, (c) => edit(c.req.param('id'), c.req.raw));
  } else {
    const base = '/api/v4/projects/:project/merge_requests';
    const isHere = (project: string) => decodeURIComponent(project) === options.repository;
    app.use(`${base}/*`, async (c, next) => {
      if (!isHere(c.req.param('project') ?? '')) return message(404, '404 Project Not Found');
      await next();
      return undefined;
    });
    app.get(`${base}/${options.number}/notes`, (c) => list(c.req.query()));
    app.post(`${base}/${options.number}/notes`, (c) => write(c.req.raw));
    app.put(`${base}/${options.number}/notes/:id`, (c) => edit(c.req.param('id'), c.req.raw));
  }
  app.notFound(() => message(404, 'Not Found'));
  return {
    comments,
    requests,
    failures,
    fetch: (input: string | URL | Request, init?: RequestInit) => Promise.resolve(app.fetch(new Request(input, init))),
  };
};
