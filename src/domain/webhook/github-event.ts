import * as v from 'valibot';
import type { RepositoryIdentity, WebhookEvent } from './event.ts';
import { BranchRef, describeIssue, FullRef, identityOf, KnownId, ObjectId, refChange } from './payload.ts';
import type { PullRequestAction } from './pull-request.ts';

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

const side = { ref: BranchRef, repo: v.nullish(v.object({ id: v.number() })) };

const PullRequestSchema = v.object({
  action: v.string(),
  number: v.pipe(v.number(), v.integer(), v.minValue(1)),
  pull_request: v.object({
    base: v.object({ ...side, sha: ObjectId }),
    head: v.object({ ...side, sha: KnownId }),
    labels: v.nullish(v.array(v.object({ name: v.string() })), []),
  }),
});

/** GitHub's actions that bear on a preview; a review or an assignment does not. */
const ACTIONS: Readonly<Record<string, PullRequestAction>> = {
  opened: 'opened',
  reopened: 'opened',
  synchronize: 'updated',
  edited: 'updated',
  labeled: 'labeled',
  unlabeled: 'labeled',
  closed: 'closed',
};

/**
 * Reads a payload in GitHub's format (also Gitea's, Forgejo's and that of plain Git hosts) by the value of
 * `X-GitHub-Event`. Never throws; `json` may be anything. Commit lists are not read: an event is only a hint.
 */
export const readGitHubEvent = (event: string | undefined, json: unknown): WebhookEvent => {
  if (event === undefined) return { type: 'malformed', reason: 'the header X-GitHub-Event is missing' };
  if (event === 'ping') return { type: 'ignored', reason: 'ping: the webhook works' };
  const repository = identityOf(json);
  const named = repository.urls.length > 0;
  if (event === 'pull_request') return named ? readPullRequest(repository, json) : UNNAMED;
  if (event !== 'push') return { type: 'ignored', reason: 'this event is not for us' };
  const push = v.safeParse(PushSchema, json);
  if (!push.success) return { type: 'malformed', reason: describeIssue(push.issues[0]) };
  if (!named) return UNNAMED;
  const { head_commit, ...fields } = push.output;
  return { type: 'change', repository, change: refChange({ ...fields, peeled: head_commit?.id }) };
};

const UNNAMED: WebhookEvent = { type: 'malformed', reason: 'repository: expected its URLs' };

/** A head without a repository is of a fork that was deleted since. */
const readPullRequest = (repository: RepositoryIdentity, json: unknown): WebhookEvent => {
  const parsed = v.safeParse(PullRequestSchema, json);
  if (!parsed.success) return { type: 'malformed', reason: describeIssue(parsed.issues[0]) };
  const { number, pull_request: pull } = parsed.output;
  const action = Object.hasOwn(ACTIONS, parsed.output.action) ? ACTIONS[parsed.output.action] : undefined;
  if (!action) return { type: 'ignored', reason: 'this action of a pull request changes no preview' };
  const { base, head } = pull;
  const pullRequest = {
    number,
    action,
    base: { ref: base.ref, ...(base.sha ? { commit: base.sha } : {}) },
    head: { ref: head.ref, commit: head.sha },
    fork: !head.repo || head.repo.id !== base.repo?.id,
    labels: (pull.labels ?? []).map(({ name }) => name),
  };
  return { type: 'pull-request', repository, pullRequest };
};
