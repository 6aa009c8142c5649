/** One message: plain fallback text and, for hosts that know them, blocks. */
export interface ChatMessage {
  text: string;
  blocks?: unknown[];
}

/**
 * A chat service (Slack). Errors: AppError `chat-unreachable`, `chat-rate-limited` (transient, with
 * retryAfterSeconds), `chat-denied`, `chat-channel-unknown`, `chat-refused` (permanent).
 */
export interface Chat {
  /** Answers with the id (Slack: channel and ts) under which the message can be edited; `thread`: a reply to that ts. */
  post(channel: string, message: ChatMessage, thread?: string): Promise<{ channel: string; ts: string }>;
  update(channel: string, ts: string, message: ChatMessage): Promise<void>;
  /** Says something that this user alone sees, and that is not kept. */
  whisper(channel: string, user: string, text: string): Promise<void>;
}
