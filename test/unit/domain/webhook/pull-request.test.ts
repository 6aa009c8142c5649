import { describe, expect, it } from 'vitest';
import { readEvent } from '../../../../src/domain/webhook/read-event.ts';
import { commitId, githubPullRequest, gitlabMergeRequest } from '../../../fakes/webhook-deliveries.ts';

const github = (json: unknown) => readEvent('github', { 'X-GitHub-Event': 'pull_request' }, json);
const gitlab = (json: unknown, event = 'Merge Request Hook') => readEvent('gitlab', { 'X-Gitlab-Event': event }, json);

const opened = {
  number: 7,
  action: 'opened',
  base: { ref: 'refs/heads/main' },
  head: { ref: 'refs/heads/feature/x', commit: commitId('head') },
  fork: false,
  labels: ['preview'],
};

describe('a pull request', () => {
  it('reads the same from both forges; only GitHub tells the commit of the base', () => {
    const base = { ref: 'refs/heads/main', commit: commitId('base') };
    expect(github(githubPullRequest('acme/fleet'))).toMatchObject({ pullRequest: { ...opened, base } });
    expect(gitlab(gitlabMergeRequest('acme/fleet'))).toMatchObject({ type: 'pull-request', pullRequest: opened });
  });

  it.each([
    ['opened', 'opened'],
    ['reopened', 'opened'],
    ['synchronize', 'updated'],
    ['edited', 'updated'],
    ['labeled', 'labeled'],
    ['unlabeled', 'labeled'],
    ['closed', 'closed'],
  ])('GitHub: %s is %s', (action, expected) =>
    expect(github(githubPullRequest('a/b', { action }))).toMatchObject({ pullRequest: { action: expected } }),
  );
  it.each(['assigned', 'locked', 'toString', ''])('GitHub: %s is not for us', (action) =>
    expect(github(githubPullRequest('a/b', { action })).type).toBe('ignored'),
  );

  it.each([
    [{ action: 'open' }, {}, 'opened'],
    [{ action: 'reopen' }, {}, 'opened'],
    [{ action: 'update', oldrev: commitId('old') }, {}, 'updated'],
    [{ action: 'update' }, { changes: { target_branch: { current: 'next' } } }, 'updated'],
    [{ action: 'update' }, { changes: { labels: {} } }, 'labeled'],
    [{ action: 'close' }, {}, 'closed'],
    [{ action: 'merge' }, {}, 'closed'],
  ])('GitLab: %j %j is %s', (request, overrides, action) =>
    expect(gitlab(gitlabMergeRequest('a/b', request, overrides))).toMatchObject({ pullRequest: { action } }),
  );
  it.each([[{ action: 'approved' }], [{ action: 'update' }], [{ action: undefined }]])(
    'GitLab: %j changes no preview',
    (request) => expect(gitlab(gitlabMergeRequest('a/b', request)).type).toBe('ignored'),
  );
  it('GitLab: a System Hook brings it, too', () =>
    expect(gitlab(gitlabMergeRequest('a/b'), 'System Hook').type).toBe('pull-request'));

  it.each([
    ['another repository', { head: { ref: 'x', sha: commitId('head'), repo: { id: 43 } } }],
    ['a repository that was deleted since', { head: { ref: 'x', sha: commitId('head'), repo: null } }],
  ])('from %s it is a fork', (_, pull) =>
    expect(github(githubPullRequest('a/b', {}, pull))).toMatchObject({ pullRequest: { fork: true } }),
  );
  it('from another project it is a fork', () =>
    expect(gitlab(gitlabMergeRequest('a/b', { source_project_id: 8 }))).toMatchObject({ pullRequest: { fork: true } }));
});

describe('hostile shapes', () => {
  const values = [undefined, null, 42, -1, 1.5, '', 'x', '../x', [], [null], {}, true, 'a'.repeat(3_000)];
  it.each(['number', 'pull_request', 'action', 'repository'])('GitHub: %s of every type never throws', (field) => {
    for (const value of values) {
      const event = github(githubPullRequest('a/b', { [field]: value }));
      expect(['pull-request', 'ignored', 'malformed']).toContain(event.type);
    }
  });
  it.each(['iid', 'source_branch', 'target_branch', 'last_commit', 'action', 'oldrev'])('GitLab: %s', (field) => {
    for (const value of values) {
      const event = gitlab(gitlabMergeRequest('a/b', { [field]: value }));
      expect(['pull-request', 'ignored', 'malformed']).toContain(event.type);
    }
  });
  it.each(['a..b', 'a b', '-/x.lock', ''])('branch %j is malformed', (ref) => {
    const head = { ref, sha: commitId('head'), repo: { id: 42 } };
    expect(github(githubPullRequest('a/b', {}, { head })).type).toBe('malformed');
  });
});
