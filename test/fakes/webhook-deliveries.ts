import { createHash, createHmac } from 'node:crypto';

/** What a forge sends: headers and the bytes of a body. */
export interface SentWebhook {
  headers: Record<string, string>;
  body: Uint8Array;
}

const bytes = (payload: unknown): Uint8Array =>
  typeof payload === 'string' ? Buffer.from(payload) : Buffer.from(JSON.stringify(payload));

/** A webhook as GitHub sends it, signed with `secret` unless that is undefined. A string payload is sent as it is. */
export const githubWebhook = (
  payload: unknown,
  { secret, event = 'push', delivery, hook }: { secret?: string; event?: string; delivery?: string; hook?: string },
): SentWebhook => {
  const body = bytes(payload);
  const signature = secret && `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'X-GitHub-Event': event,
      ...(delivery ? { 'X-GitHub-Delivery': delivery } : {}),
      ...(hook ? { 'X-GitHub-Hook-ID': hook } : {}),
      ...(signature ? { 'X-Hub-Signature-256': signature } : {}),
    },
  };
};

/** A webhook as GitLab sends it with a secret token. */
export const gitlabWebhook = (
  payload: unknown,
  { token, event = 'Push Hook', key }: { token?: string; event?: string; key?: string },
): SentWebhook => ({
  body: bytes(payload),
  headers: {
    'content-type': 'application/json',
    'X-Gitlab-Event': event,
    ...(token ? { 'X-Gitlab-Token': token } : {}),
    ...(key ? { 'Idempotency-Key': key } : {}),
  },
});

/** The same, signed as Standard Webhooks say; `secret` is `whsec_…` or raw, `at` in seconds. */
export const signedGitLabWebhook = (
  payload: unknown,
  { secret, at, id = 'msg-1', event = 'Push Hook' }: { secret: string; at: number; id?: string; event?: string },
): SentWebhook => {
  const body = bytes(payload);
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  const signature = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest('base64');
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'X-Gitlab-Event': event,
      'webhook-id': id,
      'webhook-timestamp': String(at),
      'webhook-signature': `v1,${signature}`,
    },
  };
};

/** A commit id that nobody else has. */
export const commitId = (name: string): string => createHash('sha1').update(name).digest('hex');

const ZEROS = '0'.repeat(40);

/** The members of GitHub's push payload that matter, for `https://github.com/<fullName>`. */
export const githubPush = (fullName: string, overrides: Record<string, unknown> = {}): Record<string, unknown> => ({
  ref: 'refs/heads/main',
  before: commitId('before'),
  after: commitId('after'),
  created: false,
  deleted: false,
  forced: false,
  head_commit: { id: commitId('after') },
  commits: [],
  repository: {
    id: 42,
    full_name: fullName,
    html_url: `https://github.com/${fullName}`,
    clone_url: `https://github.com/${fullName}.git`,
    ssh_url: `git@github.com:${fullName}.git`,
    homepage: null,
  },
  ...overrides,
});

/** The members of GitLab's push payload that matter, for `https://gitlab.com/<fullName>`. */
export const gitlabPush = (fullName: string, overrides: Record<string, unknown> = {}): Record<string, unknown> => ({
  object_kind: 'push',
  event_name: 'push',
  ref: 'refs/heads/main',
  before: commitId('before'),
  after: commitId('after'),
  checkout_sha: commitId('after'),
  project_id: 7,
  project: {
    id: 7,
    path_with_namespace: fullName,
    web_url: `https://gitlab.com/${fullName}`,
    git_http_url: `https://gitlab.com/${fullName}.git`,
    git_ssh_url: `git@gitlab.com:${fullName}.git`,
  },
  commits: [],
  total_commits_count: 0,
  ...overrides,
});

/** A deleted branch in either format. */
export const deletion = { after: ZEROS, checkout_sha: null, head_commit: null, deleted: true };
/** A new branch in either format. */
export const creation = { before: ZEROS, created: true };

/** The members of GitHub's pull_request payload that matter; `pull` overrides those of the request itself. */
export const githubPullRequest = (
  fullName: string,
  overrides: Record<string, unknown> = {},
  pull: Record<string, unknown> = {},
): Record<string, unknown> => ({
  action: 'opened',
  number: 7,
  pull_request: {
    base: { ref: 'main', sha: commitId('base'), repo: { id: 42 } },
    head: { ref: 'feature/x', sha: commitId('head'), repo: { id: 42 } },
    labels: [{ name: 'preview' }],
    ...pull,
  },
  repository: githubPush(fullName)['repository'],
  ...overrides,
});

/** The members of GitLab's merge request payload that matter; `request` overrides those of the request itself. */
export const gitlabMergeRequest = (
  fullName: string,
  request: Record<string, unknown> = {},
  overrides: Record<string, unknown> = {},
): Record<string, unknown> => ({
  object_kind: 'merge_request',
  event_type: 'merge_request',
  project: gitlabPush(fullName)['project'],
  object_attributes: {
    iid: 7,
    action: 'open',
    source_branch: 'feature/x',
    target_branch: 'main',
    source_project_id: 7,
    target_project_id: 7,
    last_commit: { id: commitId('head') },
    ...request,
  },
  labels: [{ title: 'preview' }],
  ...overrides,
});
