import { deliveryEnded } from '../../domain/delivery.ts';
import { rolloutEnded, summarizeRollout, withLapsed } from '../../domain/fold-rollout.ts';
import { STATUS_INTERVAL_MS } from '../../domain/report/outbox.ts';
import { reportTurn } from '../../domain/report/report-turn.ts';
import type { RolloutSummary } from '../../domain/report/summary.ts';
import type { Rollout } from '../../domain/rollout.ts';
import type { ReportMessage } from '../../messages/report.ts';
import { loadFleet } from '../load-fleet.ts';
import { updateKnownRow, updateRow } from '../update-row.ts';
import type { ReportDeps, Telling, Told } from './deps.ts';
import { tellChat } from './tell-chat.ts';
import { tellDeployments } from './tell-deployments.ts';
import { tellForge } from './tell-forge.ts';

/** Shorter waits are a delayed message's; longer ones are left to `schedule`, which looks after due rows every minute. */
const BACKSTOP_MS = 60_000;

/**
 * Folds a rollout's outcomes and tells what is new: one commit status per environment, one chat message, edited in
 * place. The row is the outbox: what was told stands in it, what is to be told follows from the fold. One reporter at a time
 * holds its lease, reports that come in between share one that is on its way, and a forge or chat that is down only leaves
 * the row due. So the order and number of messages on the queue do not matter.
 * Errors: those of the stores.
 */
export const reportRollout =
  (deps: ReportDeps) =>
  async (message: ReportMessage): Promise<void> => {
    const owner = deps.newId();
    let delaySeconds = 0;
    let isUnsure = false;
    const claimed = await updateRow(deps.rollouts, message.rollout, (known) => {
      const turn = reportTurn(known, owner, deps.clock());
      if (turn.turn === 'later') delaySeconds = turn.seconds;
      isUnsure = known?.lease !== undefined;
      return turn.turn === 'covered' ? undefined : turn.row;
    });
    if (!claimed) return;
    if (claimed.lease?.owner !== owner) return deps.queues.reports([message], { delaySeconds });
    try {
      await tell(deps, claimed, { owner, isUnsure });
    } catch (error) {
      await updateRow(deps.rollouts, message.rollout, (known) =>
        known?.lease?.owner === owner ? freed(known) : undefined,
      );
      throw error;
    }
  };

const freed = ({ lease: _lease, ...free }: Rollout): Rollout => free;

const tell = async (
  deps: ReportDeps,
  rollout: Rollout,
  { owner, isUnsure }: Pick<Telling, 'owner' | 'isUnsure'>,
): Promise<void> => {
  // What is still being planned has no outcomes that count.
  const listed = rollout.state === 'planning' ? [] : deps.outcomes.list(rollout.id);
  const [fleet, recorded] = await Promise.all([loadFleet(deps), listed]);
  const outcomes = withLapsed(rollout, recorded, deps.clock());
  const summary = summarizeRollout(rollout, outcomes, deps.rolloutURL(rollout.id));
  const ended = rolloutEnded(rollout, outcomes);
  const telling = { rollout, fleet, outcomes, summary, ended, owner, isUnsure };
  const forge = await tellForge(deps, telling);
  const known = { ...rollout, ...forge.told };
  const deployed = await tellDeployments(deps, { ...telling, rollout: known });
  const chat = await tellChat(deps, { ...telling, rollout: known });
  const told = { ...forge.told, ...deployed.told, ...chat.told };
  const later = [deployed.later, chat.later].flatMap((at) => at ?? []);
  const again = later.length > 0 ? { later: Math.min(...later) } : {};
  if (ended) await settleDelivery(deps, rollout, summary);
  await settle(deps, { rollout, owner, told, summary, ended, later: again.later });
  await forge.release?.();
  const wait = (soonest({ ...rollout, ...told, ...again }) ?? Number.POSITIVE_INFINITY) - deps.clock();
  if (wait >= BACKSTOP_MS) return;
  await deps.queues.reports([{ version: 1, rollout: rollout.id }], { delaySeconds: Math.ceil(wait / 1_000) });
};

/** When something that could not be told is tried again (ms). */
const soonest = ({
  undelivered = {},
  chats = {},
  later,
}: Told & { later?: number | undefined }): number | undefined => {
  const times = [
    undelivered.forge?.retryAt,
    undelivered.deployments?.retryAt,
    ...Object.values(chats).map(({ failed }) => failed?.retryAt),
    later,
  ].flatMap((at) => at ?? []);
  const open = times.filter((time) => time !== Number.MAX_SAFE_INTEGER);
  return open.length > 0 ? Math.min(...open) : undefined;
};

/** Who delivers the push of a rollout again wants to have tried again what failed of it. */
const settleDelivery = async (deps: ReportDeps, rollout: Rollout, summary: RolloutSummary): Promise<void> => {
  const delivery = rollout.origin?.delivery;
  const failed = summary.state === 'failure';
  if (delivery === undefined || (!failed && rollout.attempt === 1)) return;
  await updateRow(deps.deliveries, delivery, (known) => known && deliveryEnded(known, failed));
};

interface Settling {
  rollout: Rollout;
  owner: string;
  told: Told;
  summary: RolloutSummary;
  ended: boolean;
  /** When what is held back may be told (ms). */
  later: number | undefined;
}

/** Writes down what was told, ends the rollout where all have ended, and leaves it due while something is untold. */
const settle = async (deps: ReportDeps, { rollout, owner, told, summary, ended, later }: Settling): Promise<void> => {
  const now = deps.clock();
  const firstEnd = ended && rollout.finishedAt === undefined;
  await updateKnownRow(deps.rollouts, rollout, (known) => {
    if (known?.lease?.owner !== owner) return undefined;
    // A person asked for another attempt meanwhile: what was told belongs to the one before.
    if (known.attempt !== rollout.attempt) return freed(known);
    const { due: _due, ...rest } = { ...freed(known), ...told };
    const retry = soonest({ ...rest, later });
    const due = ended ? retry : Math.min(now + STATUS_INTERVAL_MS, retry ?? Number.POSITIVE_INFINITY);
    const next = { ...rest, ...(due === undefined ? {} : { due }) };
    if (!ended) return next;
    const state: Rollout['state'] =
      summary.state === 'failure' ? 'failure' : summary.state === 'canceled' ? 'superseded' : 'success';
    return { ...next, state, finishedAt: known.finishedAt ?? now };
  });
  if (!firstEnd) return;
  const { id, repository, ref, commit } = rollout;
  deps.events.emit({ event: 'rollout', at: now, rollout: id, repository, ref, commit, state: summary.state });
};
