import { AppError } from '../../domain/errors.ts';
import { leaseIsFree, newLease } from '../../domain/lease.ts';
import { type AlertRow, alertMessage } from '../../domain/report/alerts.ts';
import { afterFailure } from '../../domain/report/outbox.ts';
import type { Chat } from '../../ports/chat.ts';
import type { Store } from '../../ports/store.ts';
import { loadFleet } from '../load-fleet.ts';
import { updateRow } from '../update-row.ts';
import type { ReportDeps } from './deps.ts';

export interface TellAlertDeps extends Pick<ReportDeps, 'fleets' | 'openChat' | 'clock' | 'newId' | 'log'> {
  alerts: Store<AlertRow>;
  applicationURL: (application: string) => string;
}

/**
 * Tells every subscribed channel of an alert, each once. A chat that is down is told later: the row stays due; a channel that
 * refuses is left. Errors: those of the stores.
 */
export const tellAlert =
  (deps: TellAlertDeps) =>
  async (id: string): Promise<void> => {
    const owner = deps.newId();
    const row = await updateRow(deps.alerts, id, (known) => claimed(known, owner, deps.clock()));
    if (row?.lease?.owner !== owner) return;
    const target = deps.openChat(await loadFleet(deps));
    let told = row;
    try {
      const message = alertMessage(row, deps.applicationURL(row.application));
      for (const channel of row.channels.filter((one) => !row.told.includes(one))) {
        if (target) await post(deps, target.chat, { channel, message });
        // What is not remembered would be told twice: it does not wait for the others.
        told = (await saved(deps, told, { told: [...told.told, channel] })) ?? told;
      }
      await finish(deps, told, undefined);
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'transient') throw error;
      await finish(deps, told, error);
    }
  };

const claimed = (known: AlertRow | undefined, owner: string, now: number): AlertRow | undefined => {
  if (known?.due === undefined || !leaseIsFree(known.lease, owner, now)) return undefined;
  if ((known.undelivered?.retryAt ?? 0) > now) return undefined;
  const lease = newLease(owner, now);
  return { ...known, lease, due: lease.until };
};

const post = async (
  { log }: TellAlertDeps,
  chat: Chat,
  { channel, message }: { channel: string; message: ReturnType<typeof alertMessage> },
): Promise<void> => {
  try {
    await chat.post(channel, message);
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'transient') throw error;
    log.warn('chat not told', { channel, code: error.code, reason: error.message });
  }
};

const saved = (deps: TellAlertDeps, row: AlertRow, change: Partial<AlertRow>): Promise<AlertRow | undefined> =>
  updateRow(deps.alerts, row.id, (known) =>
    known?.lease?.owner === row.lease?.owner ? known && { ...known, ...change } : undefined,
  );

/** Free again: at rest where all are told, else due when the chat may be asked again. */
const finish = async (deps: TellAlertDeps, row: AlertRow, error: AppError | undefined): Promise<void> => {
  await updateRow(deps.alerts, row.id, (known) => {
    if (!known || known.lease?.owner !== row.lease?.owner) return undefined;
    const { lease: _lease, due: _due, undelivered, ...rest } = known;
    if (!error) return rest;
    const failed = afterFailure(undelivered, error, deps.clock());
    return { ...rest, undelivered: failed, due: failed.retryAt };
  });
};
