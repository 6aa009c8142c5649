import * as v from 'valibot';
import type { WebhookEvent } from './event.ts';
import { describeIssue, FullRef, identityOf, ObjectId, refChange } from './payload.ts';

const flag = v.nullish(v.boolean(), false);

const PushSchema = v.object({
  ref: FullRef,
  before: ObjectId,
  after: ObjectId,
  created: flag,
  deleted: flag,
  forced: flag,
  head_commit: v.nullish(v.object({ id: ObjectId })),
});

/**
 * Reads a payload in GitHub's format (also Gitea's, Forgejo's and that of plain Git hosts) by the value of
 * `X-GitHub-Event`. Never throws; `json` may be anything. Commit lists are not read: an event is only a hint.
 */
export const readGitHubEvent = (event: string | undefined, json: unknown): WebhookEvent => {
  if (event === undefined) return { type: 'malformed', reason: 'the header X-GitHub-Event is missing' };
  if (event === 'ping') return { type: 'ignored', reason: 'ping: the webhook works' };
  if (event !== 'push') return { type: 'ignored', reason: 'this event is not for us yet' };
  const push = v.safeParse(PushSchema, json);
  if (!push.success) return { type: 'malformed', reason: describeIssue(push.issues[0]) };
  const repository = identityOf(json);
  if (repository.urls.length === 0) return { type: 'malformed', reason: 'repository: expected its URLs' };
  const { head_commit, ...fields } = push.output;
  return { type: 'change', repository, change: refChange({ ...fields, peeled: head_commit?.id }) };
};
