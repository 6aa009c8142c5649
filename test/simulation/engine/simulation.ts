import type { SQSEvent } from 'aws-lambda';
import { type At, createHandlers } from './handlers.ts';
import type { SimulatedMessage } from './messages.ts';
import { killProcess, type Process, startProcess } from './process.ts';
import { MAIN, REPOSITORY, type World } from './world.ts';

/** The functions' time limit (serverless.yml). */
const TIME_LIMIT_MS = 120_000;
const MINUTE_MS = 60_000;
const POLL_MS = 300_000;
const QUIET_WITHIN_MS = 12 * 60 * MINUTE_MS;

/** A running stack: workers that take messages, and the minute's tick. */
export interface Simulation {
  /** A webhook's authentic event arrives; `delivery` is the forge's id of it. */
  deliver(event: { delivery: string; ref?: string; commit?: string }): void;
  /** Runs until nothing is left to do; throws where that has not come 12 hours after `last` (ms, default: now). */
  untilQuiet(last?: number): Promise<void>;
  /** Runs for so long. */
  forMilliseconds(milliseconds: number): Promise<void>;
}

interface Worker {
  process: Process;
  handlers: ReturnType<typeof createHandlers>;
  at: At;
  busy: boolean;
}

/** Starts `workers` workers over a world. */
export const startSimulation = (world: World, workers: number): Simulation => {
  const { machine, broker, ports } = world;
  const { scheduler } = machine;
  let names = 0;
  const born = (name: string, onDeath: (worker: Worker) => void): Worker => {
    const process = startProcess(`${name}${++names}`, () => onDeath(worker));
    const at: At = { rollout: '', row: undefined };
    const worker: Worker = { process, at, handlers: createHandlers(world, process, at), busy: false };
    return worker;
  };
  const limitTime = (worker: Worker, isOver: () => boolean): void => {
    const end = (): void => {
      if (isOver() || worker.process.dead) return;
      const { pausedUntil } = worker.process;
      if (pausedUntil > scheduler.now()) scheduler.after(pausedUntil - scheduler.now() + 1_000, end);
      else killProcess(worker.process);
    };
    scheduler.after(TIME_LIMIT_MS, end);
  };
  const pool: Worker[] = [];
  const hire = (): void => {
    pool.push(
      born('worker', (dead) => {
        pool.splice(pool.indexOf(dead), 1);
        scheduler.after(500, () => {
          hire();
          world.wake.now();
        });
      }),
    );
  };
  for (let i = 0; i < workers; i++) hire();

  const work = (worker: Worker, message: SimulatedMessage): void => {
    worker.busy = true;
    const { at, handlers } = worker;
    const body = JSON.parse(message.body) as { rollout?: string };
    Object.assign(at, { rollout: body.rollout ?? '', row: undefined });
    let isOver = false;
    limitTime(worker, () => isOver);
    void handlers.queues[message.queue](eventOf(message)).then(({ batchItemFailures }) => {
      isOver = true;
      worker.busy = false;
      if (batchItemFailures.length === 0) broker.done(message);
      else broker.retryIn(message, handlers.retryAsked.get(message.id) ?? 720);
      world.wake.now();
    });
  };
  world.wake.now = () => {
    for (const worker of pool.filter(({ busy }) => !busy)) {
      const message = broker.receive();
      if (!message) return;
      work(worker, message);
    }
  };

  let schedule: Worker | undefined;
  let ticking = false;
  let polledAt = 0;
  const polled = { version: '' };
  // What was planned counts, too: a ref that moved and moved back between two polls can have been planned in between.
  const refsNow = (): string =>
    JSON.stringify([
      [...world.repository.heads()],
      [...ports.refs.rows.values()].map(({ ref, head }) => [ref, head]),
      ports.fleets.rows.get('fleet')?.snapshot,
    ]);
  const needsPoll = (): boolean => polled.version !== refsNow();
  const tick = (): void => {
    ticking = false;
    schedule ??= born('schedule', () => {
      schedule = undefined;
      planTick();
    });
    const worker = schedule;
    if (worker.busy) return;
    worker.busy = true;
    let isOver = false;
    limitTime(worker, () => isOver);
    const look = async (): Promise<void> => {
      await worker.handlers.sweep();
      if (!needsPoll() || scheduler.now() - polledAt < POLL_MS) return;
      polledAt = scheduler.now();
      const version = refsNow();
      const { faults } = machine;
      const { listRefs } = world.repository.calls;
      await worker.handlers.poll();
      // A poll that failed, or held back after a failure, has seen nothing.
      if (machine.faults === faults && world.repository.calls.listRefs > listRefs) polled.version = version;
    };
    const end = (): void => {
      isOver = true;
      worker.busy = false;
      planTick();
    };
    look().then(end, end);
  };
  const outstanding = (): number | undefined => {
    const dues = [ports.deliveries, ports.refs, ports.renders, ports.rollouts, ports.applications].flatMap(({ rows }) =>
      [...rows.values()].flatMap(({ due }) => due ?? []),
    );
    if (needsPoll()) dues.push(polledAt + POLL_MS);
    return dues.length > 0 ? Math.min(...dues) : undefined;
  };
  /** The next whole minute; where nothing else is going on, the first one that has something to do. */
  function planTick(): void {
    if (ticking || schedule?.busy) return;
    const due = outstanding();
    if (due === undefined) return;
    const now = scheduler.now();
    const soon = (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
    const first = Math.min(due, scheduler.nextAt() ?? Number.MAX_SAFE_INTEGER);
    ticking = true;
    scheduler.after(Math.max(soon, Math.ceil(first / MINUTE_MS) * MINUTE_MS) - now, tick);
  }

  const step = async (): Promise<boolean> => {
    planTick();
    return (await scheduler.step()) || outstanding() !== undefined;
  };
  return {
    deliver: ({ delivery, ref = MAIN, commit }) => {
      const { handlers } = born('webhook', () => undefined);
      const headers = { 'x-github-delivery': delivery };
      const change = { ref, ...(commit ? { commit } : {}), created: false, deleted: !commit, forced: false };
      handlers.accept({ forge: 'github', headers, repository: REPOSITORY, change }).catch(() => undefined);
    },
    forMilliseconds: async (milliseconds) => {
      let isOver = false;
      scheduler.after(milliseconds, () => {
        isOver = true;
      });
      while (!isOver) await step();
    },
    untilQuiet: async (last = scheduler.now()) => {
      const until = last + QUIET_WITHIN_MS;
      while (await step()) {
        if (scheduler.now() > until)
          throw new Error(`1 no lost commit: not quiet within 12 hours: ${outstandingRows(ports)}`);
      }
    },
  };
};

const outstandingRows = (ports: World['ports']): string =>
  JSON.stringify(
    [ports.deliveries, ports.refs, ports.renders, ports.rollouts, ports.applications].flatMap(({ rows }) =>
      [...rows.values()].filter(({ due }) => due !== undefined).map(({ id }) => id),
    ),
  );

const eventOf = ({ id, body, receives }: SimulatedMessage): SQSEvent =>
  ({
    Records: [{ messageId: id, body, attributes: { ApproximateReceiveCount: String(receives) } }],
  }) as unknown as SQSEvent;
