import { createGitHubStatuses } from '../../src/adapters/github/commit-statuses.ts';
import { createGitLabStatuses } from '../../src/adapters/gitlab/commit-statuses.ts';
import { createSlackChat } from '../../src/adapters/slack/chat.ts';
import { createHoldOff } from '../../src/app/report/hold-off.ts';
import { permanent } from '../../src/domain/errors.ts';
import type { RepositoryConfig } from '../../src/domain/fleet/fleet-file.ts';
import type { FleetRow } from '../../src/domain/fleet-row.ts';
import type { Chat } from '../../src/ports/chat.ts';
import type { CommitStatuses } from '../../src/ports/commit-statuses.ts';
import type { Runtime } from './runtime.ts';

/** Commit statuses on whatever forge the repository is on. */
export const forgeStatuses = ({ secrets, clock }: Pick<Runtime, 'secrets' | 'clock'>): CommitStatuses => {
  const credentials = ({ url, credentials: name }: RepositoryConfig): Promise<string> =>
    name === undefined
      ? Promise.reject(
          permanent('credentials-missing', `repository ${url} has no credentials: name a secret in the fleet file`),
        )
      : secrets.read(name);
  const github = createGitHubStatuses({ credentials, clock });
  const gitlab = createGitLabStatuses({ credentials, clock });
  const forgeOf = ({ forge }: RepositoryConfig): CommitStatuses => (forge === 'gitlab' ? gitlab : github);
  const holdOff = createHoldOff(clock);
  // Forges limit requests by whose they are, not by what they are about.
  const keyOf = ({ apiURL, credentials: name }: RepositoryConfig): string => `${apiURL} ${name}`;
  return {
    post: (status) => holdOff(keyOf(status.repository), () => forgeOf(status.repository).post(status)),
    isShown: (status) => holdOff(keyOf(status.repository), () => forgeOf(status.repository).isShown(status)),
  };
};

/** The fleet's Slack channel, where it names one. */
export const openChat = ({ secrets, clock }: Pick<Runtime, 'secrets' | 'clock'>) => {
  const holdOff = createHoldOff(clock);
  return ({ file }: FleetRow): { chat: Chat; channel: string } | undefined => {
    const { slack } = file;
    if (!slack) return undefined;
    const { post, update } = createSlackChat({ apiURL: slack.apiURL, token: () => secrets.read(slack.credentials) });
    const chat: Chat = {
      post: (channel, message) => holdOff(slack.credentials, () => post(channel, message)),
      update: (channel, ts, message) => holdOff(slack.credentials, () => update(channel, ts, message)),
    };
    return { chat, channel: slack.channel };
  };
};
