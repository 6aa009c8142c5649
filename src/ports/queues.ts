import type { ActionMessage, NoticeMessage } from '../messages/action.ts';
import type { ChangeMessage } from '../messages/change.ts';
import type { PreviewMessage } from '../messages/preview.ts';
import type { RenderMessage } from '../messages/render.ts';
import type { AlertReport, PreviewReport, ReportMessage } from '../messages/report.ts';
import type { SyncMessage } from '../messages/sync.ts';

/** Sends to one queue: at least once, in any order. `delaySeconds` 0 to 900. */
export type Send<Message> = (messages: readonly Message[], options?: { delaySeconds?: number }) => Promise<void>;

/** The four queues. Messages are pointers and versions, never payloads: losing one loses no knowledge. */
export interface Queues {
  changes: Send<ChangeMessage | PreviewMessage | ActionMessage>;
  renders: Send<RenderMessage>;
  syncs: Send<SyncMessage>;
  reports: Send<ReportMessage | PreviewReport | AlertReport | NoticeMessage>;
}
