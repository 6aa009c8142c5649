import * as v from 'valibot';
import type { WebhookEvent } from './event.ts';
import { describeIssue, FullRef, identityOf, memberOf, ObjectId, refChange } from './payload.ts';

const PushSchema = v.object({ ref: FullRef, before: ObjectId, after: ObjectId, checkout_sha: ObjectId });

const HOOKS = new Set(['Push Hook', 'Tag Push Hook', 'System Hook']);
const PUSH_KINDS = new Set(['push', 'tag_push']);

const isPush = (json: unknown): boolean =>
  [memberOf(json, 'object_kind'), memberOf(json, 'event_name')].some(
    (kind) => typeof kind === 'string' && PUSH_KINDS.has(kind),
  );

/**
 * Reads a payload in GitLab's format by the value of `X-Gitlab-Event`: Push Hook, Tag Push Hook, and the System Hook's
 * push and tag_push. Never throws; `json` may be anything. Commit lists (cut off at 20) are not read.
 */
export const readGitLabEvent = (event: string | undefined, json: unknown): WebhookEvent => {
  if (event === undefined) return { type: 'malformed', reason: 'the header X-Gitlab-Event is missing' };
  if (!HOOKS.has(event)) return { type: 'ignored', reason: 'this event is not for us yet' };
  if (event === 'System Hook' && !isPush(json)) return { type: 'ignored', reason: 'this event is not for us yet' };
  const push = v.safeParse(PushSchema, json);
  if (!push.success) return { type: 'malformed', reason: describeIssue(push.issues[0]) };
  const repository = identityOf(json);
  if (repository.urls.length === 0) return { type: 'malformed', reason: 'project: expected its URLs' };
  const { checkout_sha: peeled, ...fields } = push.output;
  return { type: 'change', repository, change: refChange({ ...fields, peeled }) };
};
