import type { SlackConfig } from '../../domain/fleet/fleet-file.ts';
import { curedReply, failureReply, mentionsOf, replyKey } from '../../domain/report/failure-reply.ts';
import type { SlackMessage } from '../../domain/report/slack-message.ts';
import type { ApplicationFailure } from '../../domain/report/summary.ts';
import type { Outcome, Rollout, ToldChannel } from '../../domain/rollout.ts';
import { stableDigest } from '../../domain/stable-digest.ts';

/** The message itself says how many there are, and the page names them all. */
const MAX_REPLIES = 20;
const MAX_EDITS = 5;

/** A reply in a rollout's thread that is to be posted or edited. */
export interface DueReply {
  key: string;
  reply: SlackMessage;
}

/**
 * The replies that a channel's thread still lacks: one for every failure, the first 20; edited where its cause is another by
 * now, or where the application came through after all.
 */
export const dueReplies = (input: {
  part: Rollout;
  outcomes: readonly Outcome[];
  failures: readonly ApplicationFailure[];
  slack: SlackConfig | undefined;
  known: ToldChannel;
}): DueReply[] => {
  const { part, outcomes, failures, slack, known } = input;
  const { replies = {} } = known;
  const projects = new Map(part.applications.map(({ application, project }) => [application, project]));
  const room = MAX_REPLIES - Object.keys(replies).length;
  const told = failures.filter((failure) => replies[replyKey(failure)] !== undefined);
  const news = failures.filter((failure) => replies[replyKey(failure)] === undefined).slice(0, Math.max(0, room));
  const failing = [...told, ...news].map((failure) => {
    const { application, environment } = failure;
    const mentioned = mentionsOf(slack, { project: projects.get(application), environment });
    return { key: replyKey(failure), reply: failureReply(failure, mentioned) };
  });
  const healthy = new Set(outcomes.filter(({ phase }) => phase === 'healthy').map(({ application }) => application));
  const cured = Object.keys(replies).filter((key) => healthy.has(key));
  return [...failing, ...cured.map((key) => ({ key, reply: curedReply(key) }))].filter(({ key, reply }) => {
    const before = replies[key];
    return !before || (before.digest !== stableDigest(reply) && (before.edits ?? 0) < MAX_EDITS);
  });
};
