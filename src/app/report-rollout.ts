import { createHash } from 'node:crypto';
import type { FleetRow } from '../domain/fleet-row.ts';
import { rolloutEnded, summarizeRollout } from '../domain/fold-rollout.ts';
import { holdsLease } from '../domain/lease.ts';
import { type EnvironmentStatus, environmentStatuses } from '../domain/report/environment-statuses.ts';
import { FOLD_INTERVAL_MS, reportTurn } from '../domain/report/report-turn.ts';
import { slackMessage } from '../domain/report/slack-message.ts';
import type { RolloutSummary } from '../domain/report/summary.ts';
import { sameRepository } from '../domain/repository-url.ts';
import type { Rollout } from '../domain/rollout.ts';
import type { ReportMessage } from '../messages/report.ts';
import type { Chat } from '../ports/chat.ts';
import type { Clock, NewId } from '../ports/clock.ts';
import type { CommitStatuses } from '../ports/commit-statuses.ts';
import type { Events } from '../ports/events.ts';
import type { Log } from '../ports/log.ts';
import type { Outcomes } from '../ports/outcomes.ts';
import type { Queues } from '../ports/queues.ts';
import type { Store } from '../ports/store.ts';
import { loadFleet } from './load-fleet.ts';
import { updateRow } from './update-row.ts';

export interface ReportDeps {
  fleets: Store<FleetRow>;
  rollouts: Store<Rollout>;
  outcomes: Outcomes;
  statuses: CommitStatuses;
  /** The fleet's chat; undefined where it has none. */
  openChat: (fleet: FleetRow) => { chat: Chat; channel: string } | undefined;
  queues: Pick<Queues, 'reports'>;
  events: Events;
  rolloutURL: (rollout: string) => string;
  clock: Clock;
  newId: NewId;
  log: Log;
}

/** While a rollout runs, forges hear of it at most this often; its end is told at once. */
export const STATUS_INTERVAL_MS = 15_000;
const CHAT_INTERVAL_MS = 3_000;

/**
 * Folds a rollout's outcomes and tells what is new: one commit status per environment, one chat message, edited in
 * place. One reporter at a time holds the rollout's lease, and a status is a function of the fold, so the order and number
 * of messages on the queue do not matter.
 * Errors: the adapters' transient ones send the message back to the queue; what was told before is remembered.
 */
export const reportRollout =
  (deps: ReportDeps) =>
  async (message: ReportMessage): Promise<void> => {
    const owner = deps.newId();
    const claimed = await updateRow(deps.rollouts, message.rollout, (known) => {
      const turn = reportTurn(known, owner, deps.clock());
      return turn.turn === 'covered' ? undefined : turn.row;
    });
    if (!claimed) return;
    if (claimed.lease?.owner !== owner)
      return deps.queues.reports([message], { delaySeconds: FOLD_INTERVAL_MS / 1_000 });
    try {
      await tell(deps, claimed);
    } catch (error) {
      await updateRow(deps.rollouts, message.rollout, (known) =>
        known && known.lease?.owner === owner ? withoutLease(known) : undefined,
      );
      throw error;
    }
  };

const withoutLease = ({ lease: _lease, ...free }: Rollout): Rollout => free;

const tell = async (deps: ReportDeps, rollout: Rollout): Promise<void> => {
  const fleet = await loadFleet(deps);
  const outcomes = await deps.outcomes.list(rollout.id);
  const summary = summarizeRollout(rollout, outcomes, deps.rolloutURL(rollout.id));
  const ended = rolloutEnded(rollout, outcomes);
  const told = await tellForge(deps, { rollout, fleet, summary, ended });
  const chatted = await tellChat(deps, { rollout: told.rollout, fleet, summary, ended });
  await settle(deps, chatted.rollout, { summary, ended, complete: told.complete && chatted.complete });
};

interface Telling {
  rollout: Rollout;
  fleet: FleetRow;
  summary: RolloutSummary;
  ended: boolean;
}

/** Statuses that differ from what was last told; after each one the row remembers it, so a crash repeats one at most. */
const tellForge = async (deps: ReportDeps, telling: Telling): Promise<{ rollout: Rollout; complete: boolean }> => {
  let { rollout } = telling;
  // A newer rollout of the same commit owns the commit's contexts.
  if (rollout.ceded) return { rollout, complete: true };
  const config = telling.fleet.file.repositories.find(({ url }) => sameRepository(url, rollout.repository));
  const isFirst = Object.keys(rollout.sent).length === 0;
  // Even where the plan was quicker than this report, a commit's statuses start as pending.
  if (isFirst && telling.summary.state !== 'pending' && !rollout.supersededBy) {
    rollout = (await tellForge(deps, { ...telling, summary: { ...telling.summary, state: 'pending' } })).rollout;
  }
  for (const status of environmentStatuses(telling.summary)) {
    const sent = rollout.sent[status.context];
    if (sent?.state === status.state && sent.description === status.description) continue;
    const tooSoon = deps.clock() - (rollout.lastReportAt ?? 0) < STATUS_INTERVAL_MS;
    if (!isFinal(status) && !isFirst && tooSoon) continue;
    if (config && config.forge !== 'git') {
      const { commit, ref } = rollout;
      await deps.statuses.post({ ...status, repository: config, commit, ref, targetURL: telling.summary.url });
    }
    rollout = await remember(deps, rollout, status);
  }
  return { rollout, complete: true };
};

const isFinal = ({ state }: EnvironmentStatus): boolean => state !== 'pending' && state !== 'running';

const remember = async (deps: ReportDeps, rollout: Rollout, status: EnvironmentStatus): Promise<Rollout> => {
  const { context, state, description } = status;
  const saved = await updateRow(deps.rollouts, rollout.id, (known) =>
    known && holdsLease(known.lease, rollout.lease?.owner ?? '', deps.clock())
      ? { ...known, sent: { ...known.sent, [context]: { state, description } }, lastReportAt: deps.clock() }
      : undefined,
  );
  const { repository, commit, id } = rollout;
  deps.events.emit({ event: 'status', at: deps.clock(), repository, commit, context, state, description, rollout: id });
  return saved ?? rollout;
};

const tellChat = async (deps: ReportDeps, telling: Telling): Promise<{ rollout: Rollout; complete: boolean }> => {
  const { rollout, fleet, summary, ended } = telling;
  const target = deps.openChat(fleet);
  if (!target || (rollout.applications.length === 0 && summary.failures.length === 0))
    return { rollout, complete: true };
  const message = slackMessage(summary);
  const digest = createHash('sha256').update(JSON.stringify(message)).digest('hex');
  if (rollout.slack?.digest === digest) return { rollout, complete: true };
  const at = deps.clock();
  if (!ended && rollout.slack && at - (rollout.slack.at ?? 0) < CHAT_INTERVAL_MS) return { rollout, complete: false };
  try {
    const posted = rollout.slack ?? (await target.chat.post(target.channel, message));
    if (rollout.slack) await target.chat.update(posted.channel, posted.ts, message);
    const slack = { channel: posted.channel, ts: posted.ts, digest, at };
    const saved = await updateRow(deps.rollouts, rollout.id, (known) => (known ? { ...known, slack } : undefined));
    return { rollout: saved ?? rollout, complete: true };
  } catch (error) {
    // The chat being down delays no status and no sync: the row stays due, and schedule tells it again.
    deps.log.warn('chat not told', { rollout: rollout.id, reason: error instanceof Error ? error.message : '' });
    return { rollout, complete: false };
  }
};

/** Lets go of the rollout, and ends it when all is told; else it stays due, so that schedule looks after it. */
const settle = async (
  deps: ReportDeps,
  rollout: Rollout,
  { summary, ended, complete }: { summary: RolloutSummary; ended: boolean; complete: boolean },
): Promise<void> => {
  const now = deps.clock();
  const firstEnd = ended && rollout.finishedAt === undefined;
  await updateRow(deps.rollouts, rollout.id, (known) => {
    if (!known) return undefined;
    const free = known.lease?.owner === rollout.lease?.owner ? withoutLease(known) : known;
    const { due: _due, ...rest } = free;
    if (!ended) return { ...free, due: now + STATUS_INTERVAL_MS };
    const state = summary.state === 'failure' ? 'failure' : summary.state === 'canceled' ? 'superseded' : 'success';
    const finished = { ...rest, state, finishedAt: known.finishedAt ?? now } satisfies Rollout;
    return complete ? finished : { ...finished, due: now + CHAT_INTERVAL_MS };
  });
  if (!ended && !complete) await deps.queues.reports([{ version: 1, rollout: rollout.id }], { delaySeconds: 3 });
  if (!firstEnd) return;
  const { id, repository, ref, commit } = rollout;
  deps.events.emit({ event: 'rollout', at: now, rollout: id, repository, ref, commit, state: summary.state });
};
