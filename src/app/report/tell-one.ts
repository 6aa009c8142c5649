import { AppError } from '../../domain/errors.ts';
import { afterFailure } from '../../domain/report/outbox.ts';
import type { NoticeMessage } from '../../messages/action.ts';
import type { Send } from '../../ports/queues.ts';
import { loadFleet } from '../load-fleet.ts';
import type { ReportDeps } from './deps.ts';

/** More than an hour with the pauses in between. */
const MAX_TRIES = 20;

export interface TellOneDeps extends Pick<ReportDeps, 'fleets' | 'openChat' | 'log' | 'clock'> {
  queues: { reports: Send<NoticeMessage> };
}

/**
 * Tells one person what became of what they asked for in the chat: again and again for an hour where the chat is down. What
 * it refuses is logged and left: what was asked for is done all the same. Errors: those of stores and queues.
 */
export const tellOne =
  (deps: TellOneDeps) =>
  async ({ version, notice, tries = 0 }: NoticeMessage): Promise<void> => {
    const { channel, user, text } = notice;
    const target = deps.openChat(await loadFleet(deps));
    try {
      await target?.chat.whisper(channel, user, text);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const isOver = error.kind !== 'transient' || tries >= MAX_TRIES;
      deps.log.warn('chat not told', { channel, tries, code: error.code, reason: error.message });
      if (isOver) return;
      const now = deps.clock();
      const { retryAt } = afterFailure({ failures: tries, retryAt: now, code: error.code }, error, now);
      const delaySeconds = Math.min(900, Math.ceil((retryAt - now) / 1_000));
      await deps.queues.reports([{ version, notice, tries: tries + 1 }], { delaySeconds });
    }
  };
