import { commitId, releaseCommit, takeCommit } from '../../domain/commit-row.ts';
import { AppError, transient } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import { holdsLease } from '../../domain/lease.ts';
import type { EnvironmentStatus } from '../../domain/report/environment-statuses.ts';
import { afterFailure, dueStatuses, isTakenUp } from '../../domain/report/outbox.ts';
import { sameRepository } from '../../domain/repository-url.ts';
import type { SentStatus } from '../../domain/rollout.ts';
import { updateRow } from '../update-row.ts';
import type { ReportDeps, Telling, Told } from './deps.ts';

/** Another reporter writes on the same commit: it is soon done. */
const BUSY_MS = 2_000;

export interface ForgeTold {
  told: Told;
  /** Gives the commit free: after what was told is written down, so that a crash before that is noticed. */
  release?: () => Promise<void>;
}

/**
 * Writes the statuses that are due on the rollout's commit, under the commit's lease, and only as long as no newer rollout
 * owns its contexts. A forge that cannot take them now is told later; one that refuses a status for good is not asked for
 * it again. Errors: those of the stores.
 */
export const tellForge = async (deps: ReportDeps, telling: Telling): Promise<ForgeTold> => {
  const { rollout, fleet, summary } = telling;
  const { forge } = rollout.undelivered ?? {};
  const nothing = { told: forge ? { undelivered: { ...rollout.undelivered, forge: undefined } } : {} };
  if (rollout.ceded) return nothing;
  if (forge && forge.retryAt > deps.clock()) return { told: {} };
  const statuses = dueStatuses(rollout, summary, deps.clock());
  if (statuses.length === 0) return nothing;
  const config = fleet.file.repositories.find(({ url }) => sameRepository(url, rollout.repository));
  // Nobody to tell but those who watch.
  if (!config || config.forge === 'git') return { told: await post(deps, telling, { statuses, unsure: false }) };
  const claimed = await claim(deps, telling);
  if (claimed.type === 'ceded') return { told: { ceded: true } };
  if (claimed.type === 'busy') {
    const busy = { failures: 0, ...forge, retryAt: deps.clock() + BUSY_MS, code: 'commit-busy' };
    return { told: { undelivered: { ...rollout.undelivered, forge: busy } } };
  }
  const told = await post(deps, telling, { config, statuses, unsure: claimed.unsure || forge?.unsure === true });
  return { told, release: () => release(deps, telling) };
};

const claim = async ({ commits, clock }: ReportDeps, { rollout, owner }: Telling) => {
  const id = commitId(rollout.repository, rollout.commit);
  let result: ReturnType<typeof takeCommit> = { type: 'busy' };
  await updateRow(commits, id, (known) => {
    result = takeCommit(known, { id, rollout: rollout.id, since: rollout.createdAt, by: owner, now: clock() });
    return result.type === 'claimed' ? result.row : undefined;
  });
  return result as ReturnType<typeof takeCommit>;
};

const release = async ({ commits }: ReportDeps, { rollout, owner }: Telling): Promise<void> => {
  await updateRow(commits, commitId(rollout.repository, rollout.commit), (known) => releaseCommit(known, owner));
};

interface Posting {
  config?: RepositoryConfig;
  statuses: readonly EnvironmentStatus[];
  /** The reporter before died at this, or got no answer: what was written already is not written again. */
  unsure: boolean;
}

/** One after the other, until the forge cannot take any more. */
const post = async (deps: ReportDeps, telling: Telling, posting: Posting): Promise<Told> => {
  const { rollout } = telling;
  const sent: Record<string, SentStatus> = { ...rollout.sent };
  let { attempt } = rollout;
  const written = await writtenBefore(deps, telling, posting);
  if (written instanceof AppError) return { undelivered: undeliveredBy(deps, telling, written) };
  for (const status of posting.statuses) {
    // A reporter that was paused past its lease may have been overtaken: what it folded is old.
    if (!holdsLease(rollout.lease, telling.owner, deps.clock())) throw transient('report-late', 'the lease ran out');
    const { context, state, description, waiting } = status;
    if (isTakenUp(rollout.sent[context], status)) attempt = rollout.attempt + 1;
    try {
      if (posting.config && !written.has(status)) await deps.statuses.post(statusOf(telling, status, posting.config));
      sent[context] = { state, description, ...(waiting ? { waiting } : {}) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { code, message, kind } = error;
      deps.log.warn('status not written', { rollout: rollout.id, context, code, reason: message });
      if (kind === 'transient') return { sent, attempt, undelivered: undeliveredBy(deps, telling, error) };
      sent[context] = { state, description, refused: code };
      continue;
    }
    const { id, repository, commit } = rollout;
    const at = deps.clock();
    deps.events.emit({ event: 'status', at, repository, commit, context, state, description, rollout: id });
  }
  return { sent, attempt, lastReportAt: deps.clock(), undelivered: { ...rollout.undelivered, forge: undefined } };
};

const undeliveredBy = ({ clock }: ReportDeps, { rollout }: Telling, error: AppError): Told['undelivered'] => ({
  ...rollout.undelivered,
  forge: afterFailure(rollout.undelivered?.forge, error, clock()),
});

const statusOf = ({ rollout, summary }: Telling, status: EnvironmentStatus, repository: RepositoryConfig) => {
  const { context, state, description } = status;
  const { commit, ref } = rollout;
  return { context, state, description, repository, commit, ref, targetURL: summary.url };
};

/**
 * What was written already, by a reporter that died or without an answer: all of a context up to what the commit shows. An
 * error: the forge cannot say now.
 */
const writtenBefore = async (
  { statuses, log }: ReportDeps,
  telling: Telling,
  { config, unsure, statuses: due }: Posting,
): Promise<ReadonlySet<EnvironmentStatus> | AppError> => {
  const written = new Set<EnvironmentStatus>();
  if (!config || !unsure) return written;
  try {
    for (const ofContext of Map.groupBy(due, ({ context }) => context).values()) {
      for (const [index, status] of [...ofContext.entries()].toReversed()) {
        if (!(await statuses.isShown(statusOf(telling, status, config)))) continue;
        for (const before of ofContext.slice(0, index + 1)) written.add(before);
        break;
      }
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message: reason } = error;
    log.warn('statuses not looked at', { rollout: telling.rollout.id, code, reason });
    // A token that may write and not read: better twice than never.
    if (error.kind === 'transient') return error;
  }
  return written;
};
