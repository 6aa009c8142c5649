import { createGitHubReports } from '../../src/adapters/github/check-runs.ts';
import { createGitHubDeployments } from '../../src/adapters/github/deployments.ts';
import { createGitHubHooks } from '../../src/adapters/github/hooks.ts';
import { createGitHubComments } from '../../src/adapters/github/pull-request-comments.ts';
import { createGitLabStatuses } from '../../src/adapters/gitlab/commit-statuses.ts';
import { createGitLabHooks } from '../../src/adapters/gitlab/hooks.ts';
import { createGitLabNotes } from '../../src/adapters/gitlab/merge-request-notes.ts';
import { createSlackChat } from '../../src/adapters/slack/chat.ts';
import { createHoldOff } from '../../src/app/report/hold-off.ts';
import { permanent } from '../../src/domain/errors.ts';
import type { RepositoryConfig } from '../../src/domain/fleet/fleet-file.ts';
import { forgeCredentials } from '../../src/domain/fleet/forge-credentials.ts';
import type { FleetRow } from '../../src/domain/fleet-row.ts';
import type { Chat } from '../../src/ports/chat.ts';
import type { CommitStatuses } from '../../src/ports/commit-statuses.ts';
import type { Deployments } from '../../src/ports/deployments.ts';
import type { PullRequestComments } from '../../src/ports/pull-request-comments.ts';
import type { Secrets } from '../../src/ports/secrets.ts';
import type { ReadHooks } from '../../src/ports/webhook-health.ts';
import type { Runtime } from './runtime.ts';

const credentialsOf =
  (secrets: Secrets) =>
  ({ url, credentials: name }: RepositoryConfig): Promise<string> =>
    name === undefined
      ? Promise.reject(
          permanent('credentials-missing', `repository ${url} has no credentials: name a secret in the fleet file`),
        )
      : secrets.read(name).then(forgeCredentials);

/** Forges limit requests by whose they are, not by what they are about. */
const limitedBy = ({ apiURL, credentials }: RepositoryConfig): string => `${apiURL} ${credentials}`;

/** Commit statuses on whatever forge the repository is on, and deployments on GitHub, which limits both as one. */
export const forgeReports = ({
  secrets,
  clock,
}: Pick<Runtime, 'secrets' | 'clock'>): { statuses: CommitStatuses; deployments: Deployments } => {
  const credentials = credentialsOf(secrets);
  const github = createGitHubReports({ credentials, clock });
  const gitlab = createGitLabStatuses({ credentials, clock });
  const forgeOf = ({ forge }: RepositoryConfig): CommitStatuses => (forge === 'gitlab' ? gitlab : github);
  const { open, stateOf, update } = createGitHubDeployments({ credentials, clock });
  const holdOff = createHoldOff(clock);
  return {
    statuses: {
      post: (status) => holdOff(limitedBy(status.repository), () => forgeOf(status.repository).post(status)),
      isShown: (status) => holdOff(limitedBy(status.repository), () => forgeOf(status.repository).isShown(status)),
    },
    deployments: {
      open: (deployment) => holdOff(limitedBy(deployment.repository), () => open(deployment)),
      stateOf: (repository, id) => holdOff(limitedBy(repository), () => stateOf(repository, id)),
      update: (repository, id, change) => holdOff(limitedBy(repository), () => update(repository, id, change)),
    },
  };
};

/** The hooks that a forge has for a repository. */
export const forgeHooks = ({ secrets, clock }: Pick<Runtime, 'secrets' | 'clock'>): ReadHooks => {
  const credentials = credentialsOf(secrets);
  const deps = { clock, credential: (repository: RepositoryConfig) => () => credentials(repository) };
  const [github, gitlab] = [createGitHubHooks(deps), createGitLabHooks(deps)];
  return (repository) => (repository.forge === 'github' ? github(repository) : gitlab(repository));
};

/** Comments of pull requests on whatever forge the repository is on. */
export const forgeComments = ({ secrets, clock }: Pick<Runtime, 'secrets' | 'clock'>): PullRequestComments => {
  const deps = { credentials: credentialsOf(secrets), clock };
  const github = createGitHubComments(deps);
  const gitlab = createGitLabNotes(deps);
  const holdOff = createHoldOff(clock);
  return {
    upsert: (comment) => {
      const forge = comment.repository.forge === 'gitlab' ? gitlab : github;
      return holdOff(limitedBy(comment.repository), () => forge.upsert(comment));
    },
  };
};

/** The fleet's Slack channel, where it names one. */
export const openChat = ({ secrets, clock }: Pick<Runtime, 'secrets' | 'clock'>) => {
  const holdOff = createHoldOff(clock);
  return ({ file }: FleetRow): { chat: Chat; channel: string } | undefined => {
    const { slack } = file;
    if (!slack) return undefined;
    const { post, update, whisper } = createSlackChat({
      apiURL: slack.apiURL,
      token: () => secrets.read(slack.credentials),
    });
    const chat: Chat = {
      post: (channel, message, thread) => holdOff(slack.credentials, () => post(channel, message, thread)),
      update: (channel, ts, message) => holdOff(slack.credentials, () => update(channel, ts, message)),
      whisper: (channel, user, text) => holdOff(slack.credentials, () => whisper(channel, user, text)),
    };
    return { chat, channel: slack.channel };
  };
};
