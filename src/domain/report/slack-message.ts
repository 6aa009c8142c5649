import { repositoryName, shortRef, sourceText } from '../rollout-sources.ts';
import { slackButton } from '../webhook/slack-action.ts';
import { cutText, oneLine } from './cut-text.ts';
import { slackLink, slackText } from './slack-text.ts';
import type { ApplicationFailure, EnvironmentSummary, RolloutState, RolloutSummary } from './summary.ts';

/** The shape of port Chat's message: fallback text and Slack's blocks. */
export interface SlackMessage {
  text: string;
  blocks: unknown[];
}

const TOP_FAILURES = 5;
const TOP_SOURCES = 3;
const MAX_SOURCE = 120;
const TOP_ENVIRONMENTS = 15;
/** So that five failures escaped to the full stay below a section's 3,000 characters. */
const MAX_MESSAGE = 300;
const MAX_NAME = 60;
const MAX_SECTION = 3_000;
const MAX_HEADER = 150;

const WORDS: Record<RolloutState, string> = {
  pending: '⏳ planning',
  running: '🚀 rolling out',
  success: '✅ done',
  failure: '❌ failed',
  canceled: '⏭️ superseded',
};

/** Which buttons a message has beside the one that opens its page. */
export interface Buttons {
  attempt: number;
  retry: boolean;
  rollback: boolean;
}

/**
 * The one message of a rollout: what it is, its failures (the first five), then its environments. Everything that
 * comes from Git is escaped. Stays below Slack's limits: 50 blocks, 3,000 characters a section, about 13 kB in all.
 */
export const slackMessage = (summary: RolloutSummary, buttons?: Buttons): SlackMessage => {
  const title = cutText(`${WORDS[summary.state]}: ${titleOf(summary)}`, MAX_HEADER);
  return {
    text: slackText(`${title} ${countsOf(summary.environments)}`, 500),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title, emoji: true } },
      section(commitLine(summary)),
      ...(summary.failures.length > 0 ? [section(failureLines(summary.failures))] : []),
      ...(summary.removed ? [section(removedLine(summary.removed))] : []),
      ...(summary.environments.length > 0 ? [section(environmentLines(summary.environments))] : []),
      ...(buttons ? [actions(summary, buttons)] : []),
    ],
  };
};

const actions = ({ rolloutId, url, commit }: RolloutSummary, { attempt, retry, rollback }: Buttons): unknown => ({
  type: 'actions',
  elements: [
    ...(URL.canParse(url) ? [{ ...button('Open'), action_id: 'towline_open', url }] : []),
    ...(retry ? [{ ...button('Retry failed'), ...slackButton('retry', rolloutId, attempt), style: 'primary' }] : []),
    ...(rollback ? [rollbackButton(rolloutId, attempt, commit)] : []),
  ],
});

const button = (text: string) => ({ type: 'button', text: { type: 'plain_text', text } });

const rollbackButton = (rollout: string, attempt: number, commit: string) => ({
  ...button('Rollback'),
  ...slackButton('rollback', rollout, attempt),
  style: 'danger',
  confirm: {
    title: { type: 'plain_text', text: 'Roll back?' },
    text: {
      type: 'plain_text',
      text: `Every application that ${commit.slice(0, 7)} changed, and that no newer rollout decides, gets the manifests that it had before, until Git moves or somebody resumes.`,
    },
    confirm: { type: 'plain_text', text: 'Roll back' },
    deny: { type: 'plain_text', text: 'Keep' },
  },
});

const section = (lines: string): unknown => ({
  type: 'section',
  text: { type: 'mrkdwn', text: lines, verbatim: true },
});

/** `acme/fleet main`: the last two parts of the repository and the ref's short name. */
const titleOf = ({ repository, ref }: RolloutSummary): string =>
  oneLine(`${repositoryName(repository)} ${shortRef(ref)}`);

const countsOf = (environments: readonly EnvironmentSummary[]): string => {
  const sum = (group: 'total' | 'synced' | 'failed'): number =>
    environments.reduce((total, environment) => total + environment[group], 0);
  return `(${sum('synced')}/${sum('total')} synced${sum('failed') > 0 ? `, ${sum('failed')} failed` : ''})`;
};

const commitLine = ({ commit, subject, url, sources = [], moreSources = 0 }: RolloutSummary): string => {
  const text = slackText(oneLine(subject ?? 'rollout'), 200) || 'rollout';
  const lines = sources.slice(0, TOP_SOURCES).map((one) => `with ${slackText(oneLine(sourceText(one)), MAX_SOURCE)}`);
  const more = sources.length - lines.length + moreSources;
  const first = `${slackLink(url, text)} at \`${slackText(commit.slice(0, 12), 12)}\``;
  return [first, ...lines, ...(more > 0 ? [`with ${more} more sources`] : [])].join('\n');
};

/** Lines until the section is full; then how many there are more. */
const linesWithin = (lines: readonly string[], top: number, total: number): string => {
  const kept: string[] = [];
  let length = 40;
  for (const line of lines.slice(0, top)) {
    length += line.length + 1;
    if (length > MAX_SECTION) break;
    kept.push(line);
  }
  return [...kept, ...(kept.length < total ? [`and ${total - kept.length} more`] : [])].join('\n');
};

const failureLines = (failures: readonly ApplicationFailure[]): string =>
  linesWithin(failures.slice(0, TOP_FAILURES).map(failureLine), TOP_FAILURES, failures.length);

const failureLine = ({ application, cluster, message }: ApplicationFailure): string => {
  const who = [
    ...(application ? [`*${slackText(oneLine(application), MAX_NAME)}*`] : []),
    ...(cluster ? [`on ${slackText(oneLine(cluster), MAX_NAME)}`] : []),
  ].join(' ');
  const cause = slackText(oneLine(message), MAX_MESSAGE);
  return who === '' ? `• ${cause}` : `• ${who}: ${cause}`;
};

const removedLine = (removed: readonly string[]): string => {
  const names = removed.slice(0, TOP_FAILURES).map((id) => `*${slackText(oneLine(id), MAX_NAME)}*`);
  const more = removed.length - names.length;
  return `🗑️ gone from Git: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

const environmentLines = (environments: readonly EnvironmentSummary[]): string => {
  const failedFirst = environments.toSorted((a, b) => Number(b.failed > 0) - Number(a.failed > 0));
  return linesWithin(failedFirst.map(environmentLine), TOP_ENVIRONMENTS, environments.length);
};

const environmentLine = (environment: EnvironmentSummary): string => {
  const { name, total, synced, progressing, failed, waiting, superseded } = environment;
  const parts = [
    total === 0 ? 'no applications affected' : `${synced}/${total} synced`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(progressing > 0 ? [`${progressing} progressing`] : []),
    ...(waiting > 0 ? [`${waiting} waiting for a person`] : []),
    ...(superseded > 0 ? [`${superseded} superseded`] : []),
  ];
  return `*${slackText(oneLine(name), MAX_NAME)}*: ${parts.join(' · ')}`;
};
