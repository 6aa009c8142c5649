import * as v from 'valibot';
import type { RepositoryIdentity, WebhookEvent } from './event.ts';
import { BranchRef, describeIssue, FullRef, identityOf, KnownId, memberOf, ObjectId, refChange } from './payload.ts';
import type { PullRequestAction } from './pull-request.ts';

const PushSchema = v.object({ ref: FullRef, before: ObjectId, after: ObjectId, checkout_sha: ObjectId });

const MergeRequestSchema = v.object({
  object_attributes: v.object({
    iid: v.pipe(v.number(), v.integer(), v.minValue(1)),
    action: v.nullish(v.string()),
    /** There only where the request has other commits than before. */
    oldrev: v.nullish(v.string()),
    source_branch: BranchRef,
    target_branch: BranchRef,
    source_project_id: v.nullish(v.number()),
    target_project_id: v.nullish(v.number()),
    last_commit: v.object({ id: KnownId }),
  }),
  changes: v.nullish(v.object({ labels: v.optional(v.unknown()), target_branch: v.optional(v.unknown()) })),
  labels: v.nullish(v.array(v.object({ title: v.string() })), []),
});

const HOOKS = new Set(['Push Hook', 'Tag Push Hook', 'System Hook']);
const PUSH_KINDS = new Set(['push', 'tag_push']);

const isPush = (json: unknown): boolean =>
  [memberOf(json, 'object_kind'), memberOf(json, 'event_name')].some(
    (kind) => typeof kind === 'string' && PUSH_KINDS.has(kind),
  );

/**
 * Reads a payload in GitLab's format by the value of `X-Gitlab-Event`: Push Hook, Tag Push Hook, and the System Hook's
 * push and tag_push; and a merge request by either. Never throws; `json` may be anything. Commit lists (cut off at 20) are
 * not read.
 */
export const readGitLabEvent = (event: string | undefined, json: unknown): WebhookEvent => {
  if (event === undefined) return { type: 'malformed', reason: 'the header X-Gitlab-Event is missing' };
  const repository = identityOf(json);
  const named = repository.urls.length > 0;
  if (event === 'Merge Request Hook' || (event === 'System Hook' && isMergeRequest(json))) {
    return named ? readMergeRequest(repository, json) : UNNAMED;
  }
  if (!HOOKS.has(event)) return NOT_FOR_US;
  if (event === 'System Hook' && !isPush(json)) return NOT_FOR_US;
  const push = v.safeParse(PushSchema, json);
  if (!push.success) return { type: 'malformed', reason: describeIssue(push.issues[0]) };
  if (!named) return UNNAMED;
  const { checkout_sha: peeled, ...fields } = push.output;
  return { type: 'change', repository, change: refChange({ ...fields, peeled }) };
};

const NOT_FOR_US: WebhookEvent = { type: 'ignored', reason: 'this event is not for us' };
const UNNAMED: WebhookEvent = { type: 'malformed', reason: 'project: expected its URLs' };

const isMergeRequest = (json: unknown): boolean => memberOf(json, 'object_kind') === 'merge_request';

type MergeRequest = v.InferOutput<typeof MergeRequestSchema>;

const actionOf = ({ object_attributes: { action, oldrev }, changes }: MergeRequest): PullRequestAction | undefined => {
  switch (action) {
    case 'open':
    case 'reopen':
      return 'opened';
    case 'close':
    case 'merge':
      return 'closed';
    case 'update':
      if (oldrev || changes?.target_branch !== undefined) return 'updated';
      return changes?.labels === undefined ? undefined : 'labeled';
    default:
      return undefined;
  }
};

const readMergeRequest = (repository: RepositoryIdentity, json: unknown): WebhookEvent => {
  const parsed = v.safeParse(MergeRequestSchema, json);
  if (!parsed.success) return { type: 'malformed', reason: describeIssue(parsed.issues[0]) };
  const { object_attributes: request, labels } = parsed.output;
  const action = actionOf(parsed.output);
  if (!action) return { type: 'ignored', reason: 'this action of a merge request changes no preview' };
  const pullRequest = {
    number: request.iid,
    action,
    base: { ref: request.target_branch },
    head: { ref: request.source_branch, commit: request.last_commit.id },
    fork: request.source_project_id !== request.target_project_id,
    labels: (labels ?? []).map(({ title }) => title),
  };
  return { type: 'pull-request', repository, pullRequest };
};
