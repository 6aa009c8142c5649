import { LAST_RECEIVE, type QueueName, type SimulatedMessage } from './messages.ts';
import type { Machine } from './process.ts';

/** Standard queues: at least once, in any order, with a visibility time-out and dead letters. */
export interface Broker {
  send(queue: QueueName, bodies: readonly unknown[], delaySeconds: number): void;
  /** A visible message, picked at random, hidden from others for the visibility time-out; undefined: none. */
  receive(): SimulatedMessage | undefined;
  done(message: SimulatedMessage): void;
  retryIn(message: SimulatedMessage, seconds: number): void;
  /** Loses what waits in a queue. */
  lose(queue: QueueName): void;
  /** Messages that are not dead, in flight ones included. */
  size(): number;
  dead: SimulatedMessage[];
  sent: number;
}

const VISIBILITY_MS = 720_000;

/** Queues whose `wake` is called whenever a message becomes visible. `duplicates`: how many copies a message gets. */
export const createBroker = (
  { scheduler, random }: Machine,
  wake: () => void,
  options: { copies: () => number; delay: () => number },
): Broker => {
  const waiting = new Set<SimulatedMessage>();
  let ids = 0;
  const show = (message: SimulatedMessage, milliseconds: number): void => {
    message.visibleAt = scheduler.now() + milliseconds;
    scheduler.after(milliseconds, wake);
  };
  const broker: Broker = {
    dead: [],
    sent: 0,
    send: (queue, bodies, delaySeconds) => {
      for (const body of bodies) {
        const text = JSON.stringify(body);
        broker.sent += 1;
        for (let copy = options.copies(); copy > 0; copy--) {
          const message: SimulatedMessage = { id: `m${++ids}`, queue, body: text, receives: 0, visibleAt: 0 };
          waiting.add(message);
          show(message, delaySeconds * 1_000 + options.delay());
        }
      }
    },
    receive: () => {
      const now = scheduler.now();
      const visible: SimulatedMessage[] = [];
      for (const message of waiting) if (message.visibleAt <= now) visible.push(message);
      if (visible.length === 0) return undefined;
      const message = random.pick(visible);
      if (message.receives >= LAST_RECEIVE) {
        waiting.delete(message);
        broker.dead.push(message);
        return broker.receive();
      }
      message.receives += 1;
      show(message, VISIBILITY_MS);
      return message;
    },
    done: (message) => void waiting.delete(message),
    retryIn: (message, seconds) => {
      if (waiting.has(message)) show(message, seconds * 1_000);
    },
    lose: (queue) => {
      for (const message of waiting) if (message.queue === queue) waiting.delete(message);
    },
    size: () => waiting.size,
  };
  return broker;
};
