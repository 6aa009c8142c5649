import type { Queues } from '../../../src/ports/queues.ts';

export type QueueName = keyof Queues;

export interface SimulatedMessage {
  id: string;
  queue: QueueName;
  body: string;
  receives: number;
  visibleAt: number;
}

/** As infra/queues.yml has it: received so often, a message is dead. */
export const LAST_RECEIVE = 5;
