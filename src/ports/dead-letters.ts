/** The queues by what they carry. */
export const QUEUE_NAMES = ['changes', 'renders', 'syncs', 'reports'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** A queue's messages that failed five times: about how many, and a few of them as they were sent. */
export interface DeadQueue {
  queue: QueueName;
  messages: number;
  sample: string[];
}

/** Messages that were given up. Errors: AppError `queue-unreachable`, `queue-refused` (transient). */
export interface DeadLetters {
  list(): Promise<DeadQueue[]>;
  /** Puts a queue's dead messages back to it, at most some hundreds a call; answers with how many. */
  redrive(queue: QueueName): Promise<number>;
}
