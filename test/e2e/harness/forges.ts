import type { BareRepository } from '../../fakes/bare-repository.ts';
import { createBareRepository } from '../../fakes/bare-repository.ts';
import { startFakeGitHub } from '../../fakes/fake-github.ts';
import { startFakeGitLab } from '../../fakes/fake-gitlab.ts';
import { createFakeComments } from '../../fakes/forge-comments.ts';
import { createFakeDeployments, type GitHubDeployment } from '../../fakes/forge-deployments-github.ts';
import { createFakeGitHub } from '../../fakes/forge-statuses-github.ts';
import { createFakeGitLab } from '../../fakes/forge-statuses-gitlab.ts';
import {
  githubPush,
  githubWebhook,
  gitlabPush,
  gitlabWebhook,
  type SentWebhook,
} from '../../fakes/webhook-deliveries.ts';
import { openFront, type Post } from './forge-front.ts';
import { type ForgeListing, gitHubLists, gitLabLists } from './forge-lists.ts';

/** A status as it was posted, whichever forge it is. */
export interface ForgeStatus {
  sha: string;
  context: string;
  state: string;
  description: string;
}

/** A forge and Slack on loopback, over a real bare repository: what a fleet file points at. */
export interface FakeForge {
  kind: 'github' | 'gitlab';
  repositoryURL: string;
  apiURL: string;
  slackURL: string;
  bare: BareRepository;
  /** Commits that the forge knows: a status on any other is refused. */
  commits: string[];
  /** Every status that the forge took, in order. */
  statuses(): ForgeStatus[];
  /** Comments of pull request 7. */
  comments: { body: string }[];
  /** GitHub's, of every commit. */
  deployments: GitHubDeployment[];
  /** Slack's messages as they read now. */
  slack: { ts: string; text: string; blocks: unknown[] }[];
  /** What one person alone was told in Slack. */
  whispers: { channel: string; user: string; text: string }[];
  /** What generators find at the forge. */
  listing: ForgeListing;
  /** Every POST to the forge and to Slack. */
  posts: Post[];
  /** The webhook of a push as this forge sends it. */
  webhook(push: Push): SentWebhook;
  close(): Promise<void>;
}

export interface Push {
  before: string;
  after: string;
  delivery: string;
}

/** What the fleet's secrets hold; none of it may ever be told. */
export const SECRETS = {
  TOWLINE_SECRET_FORGE: 'forge-token-canary-7f3b1c',
  TOWLINE_SECRET_HOOK: 'webhook-secret-canary-91d2aa',
  TOWLINE_SECRET_SLACK: 'xoxb-slack-canary-55e0',
  TOWLINE_SECRET_SLACK_SIGNING: 'slack-signing-canary-c41e',
};

/** The repository as a push of GitHub describes it. */
export const GITHUB_NAMES = {
  id: 42,
  full_name: 'acme/app',
  html_url: 'https://github.test/acme/app',
  clone_url: 'https://github.test/acme/app.git',
  ssh_url: 'git@github.test:acme/app.git',
  homepage: null,
};

/** GitHub with the repository `acme/app`. */
export const startGitHub = async (): Promise<FakeForge> => {
  const bare = await createBareRepository();
  const repository = await startFakeGitHub(bare.directory);
  const commits: string[] = [];
  const { app } = createFakeGitHub({ repository: 'acme/app', token: SECRETS.TOWLINE_SECRET_FORGE, commits });
  const pulls = createFakeComments({
    forge: 'github',
    repository: 'acme/app',
    number: 7,
    token: SECRETS.TOWLINE_SECRET_FORGE,
    readToken: '',
  });
  const mayWrite = (token: string) => token === SECRETS.TOWLINE_SECRET_FORGE;
  const deploying = createFakeDeployments({ repository: 'acme/app', commits, mayWrite, isGreen: () => false });
  const answer = (request: Request) => {
    if (request.url.includes('/deployments')) return deploying.fetch(request);
    return request.url.includes('/issues/') ? pulls.fetch(request) : app.fetch(request);
  };
  const listing: ForgeListing = { pulls: [], repositories: [] };
  const front = await openFront(repository.apiURL, answer, SECRETS.TOWLINE_SECRET_SLACK, (url) =>
    gitHubLists(listing, url),
  );
  return {
    kind: 'github',
    comments: pulls.comments,
    deployments: deploying.deployments,
    repositoryURL: repository.repositoryURL,
    apiURL: front.url,
    slackURL: front.slackURL,
    bare,
    commits,
    slack: front.slack,
    whispers: front.whispers,
    posts: front.posts,
    listing,
    statuses: () => front.posts.flatMap(statusOf),
    webhook: ({ delivery, ...commit }) =>
      githubWebhook(
        githubPush('acme/app', { ...commit, head_commit: { id: commit.after }, repository: GITHUB_NAMES }),
        {
          secret: SECRETS.TOWLINE_SECRET_HOOK,
          delivery,
        },
      ),
    close: async () => void (await Promise.all([front.close(), repository.close(), bare.remove()])),
  };
};

export const GITLAB_NAMES = {
  id: 7,
  path_with_namespace: 'acme/team/app',
  web_url: 'https://gitlab.test/acme/team/app',
  git_http_url: 'https://gitlab.test/acme/team/app.git',
  git_ssh_url: 'git@gitlab.test:acme/team/app.git',
};

/** The members of GitLab's payload for a push to `acme/team/app`. */
export const gitlabPayload = ({ before, after }: Omit<Push, 'delivery'>): Record<string, unknown> =>
  gitlabPush('acme/team/app', { before, after, checkout_sha: after, project: GITLAB_NAMES });

/** GitLab with the project `acme/team/app`. */
export const startGitLab = async (): Promise<FakeForge> => {
  const bare = await createBareRepository();
  const repository = await startFakeGitLab(bare.directory);
  const commits: string[] = [];
  const { app } = createFakeGitLab({ project: 'acme/team/app', token: SECRETS.TOWLINE_SECRET_FORGE, commits });
  const requests = createFakeComments({
    forge: 'gitlab',
    repository: 'acme/team/app',
    number: 7,
    token: SECRETS.TOWLINE_SECRET_FORGE,
    readToken: '',
  });
  const answer = (request: Request) =>
    request.url.includes('/merge_requests/') ? requests.fetch(request) : app.fetch(request);
  const listing: ForgeListing = { pulls: [], repositories: [] };
  const front = await openFront(new URL(repository.apiURL).origin, answer, SECRETS.TOWLINE_SECRET_SLACK, (url) =>
    gitLabLists(listing, url),
  );
  return {
    kind: 'gitlab',
    deployments: [],
    comments: requests.comments,
    repositoryURL: repository.repositoryURL,
    apiURL: `${front.url}/api/v4`,
    slackURL: front.slackURL,
    bare,
    commits,
    slack: front.slack,
    whispers: front.whispers,
    posts: front.posts,
    listing,
    statuses: () => front.posts.flatMap(statusOf),
    webhook: ({ delivery, ...commit }) =>
      gitlabWebhook(gitlabPayload(commit), { token: SECRETS.TOWLINE_SECRET_HOOK, key: delivery }),
    close: async () => void (await Promise.all([front.close(), repository.close(), bare.remove()])),
  };
};

/** A status that the forge took: GitHub calls its name context, GitLab name. */
const statusOf = ({ path, body, taken }: Post): ForgeStatus[] => {
  const sha = /\/statuses\/([0-9a-f]{40})$/.exec(path)?.[1];
  if (!sha || !taken) return [];
  const { context, name, state, description } = JSON.parse(body) as Record<string, string | undefined>;
  return [{ sha, context: context ?? name ?? '', state: state ?? '', description: description ?? '' }];
};
