import type { FleetFile } from '../fleet/fleet-file.ts';
import { oneLine } from './cut-text.ts';
import type { SlackMessage } from './slack-message.ts';
import { escapeSlack, slackText } from './slack-text.ts';
import type { ApplicationFailure } from './summary.ts';

const MAX_NAME = 120;
/** With the names before it, below a section's 3,000 characters. */
const MAX_CAUSE = 2_000;
const MAX_MENTIONS = 10;

/** What a failure's reply in the thread is known by: its application, or the document's text. */
export const replyKey = ({ application, message }: ApplicationFailure): string => application || message.slice(0, 100);

/** One failure in full, in the thread of its rollout's message; who is to look at it is named in front. */
export const failureReply = (failure: ApplicationFailure, mentioned: readonly string[]): SlackMessage => {
  const { cluster, environment, message } = failure;
  const place = [cluster, environment].filter((part) => part !== '').map((part) => slackText(oneLine(part), MAX_NAME));
  const who = failure.application === '' ? 'A document of the fleet' : `*${nameOf(failure)}*`;
  const names = mentioned.slice(0, MAX_MENTIONS).map(mentionOf);
  const head = [...names, `❌ ${who}${place.length > 0 ? ` on ${place.join(' · ')}` : ''}`].join(' ');
  return threaded(`❌ ${nameOf(failure) || 'document'} failed`, `${head}\n${quoted(message)}`);
};

/** What the reply says once the application came through after all. */
export const curedReply = (application: string): SlackMessage => {
  const text = `✅ *${slackText(oneLine(application), MAX_NAME)}* is healthy by now`;
  return threaded(text, text);
};

const nameOf = ({ application }: ApplicationFailure): string => slackText(oneLine(application), MAX_NAME);

const threaded = (text: string, lines: string): SlackMessage => ({
  text,
  blocks: [{ type: 'section', text: { type: 'mrkdwn', text: lines, verbatim: true } }],
});

/** A person (U…, W…) or a user group (S…): https://docs.slack.dev/messaging/formatting-message-text/#mentioning-users */
const mentionOf = (id: string): string => (id.startsWith('S') ? `<!subteam^${id}>` : `<@${id}>`);

/** Every line as a quotation, so that a tool's output cannot pass for Towline's own words. */
const quoted = (message: string): string => {
  let kept = '';
  for (const character of message.replace(/[^\P{Cc}\n]/gu, ' ').trim()) {
    const next = character === '\n' ? '\n>' : escapeSlack(character);
    if (kept.length + next.length > MAX_CAUSE) return `>${kept}…`;
    kept += next;
  }
  return `>${kept || 'failed'}`;
};

/** Who is mentioned where an application of this project and environment fails: only those that the fleet file names. */
export const mentionsOf = (
  slack: FleetFile['slack'],
  { project = '', environment }: { project?: string | undefined; environment: string },
): string[] => {
  const { projects = {}, environments = {} } = slack?.mentions ?? {};
  return [...new Set([...(projects[project] ?? []), ...(environments[environment] ?? [])])];
};
