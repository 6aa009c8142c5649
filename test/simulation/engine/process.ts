import { type DecideFate, type Fate, OK } from './fates.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** One operating system process (a Lambda environment): what it holds in memory dies with it. */
export interface Process {
  name: string;
  dead: boolean;
  /** It stands still: the time limit does not end it meanwhile. */
  pausedUntil: number;
  /** Ids that it made: leases with one of them as owner are its own. */
  ids: Set<string>;
  onDeath: () => void;
}

/** What all processes share. */
export interface Machine {
  scheduler: Scheduler;
  random: Random;
  calls: number;
  /** Is asked about every call. */
  decide: DecideFate;
  /** A fault of any kind happened: some promises allow one repetition then. */
  faults: number;
  /** How often an answer may have been lost: so many repetitions nobody can avoid. */
  unsure: number;
}

/** How late an effect may land that a killed process had sent: the lease's margin covers it. */
const LATE_MS = 20_000;

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** A new process. */
export const startProcess = (name: string, onDeath: () => void): Process => ({
  name,
  dead: false,
  pausedUntil: 0,
  ids: new Set(),
  onDeath,
});

/** Ends a process at once: nothing of it runs on, not even its `finally`. */
export const killProcess = (process: Process): void => {
  if (process.dead) return;
  process.dead = true;
  process.onDeath();
};

/** Makes one call to a port, or what fate makes of it. A dead process's calls never come back. */
export const callPort = <T>(
  machine: Machine,
  process: Process,
  what: { port: string; method: string; args: readonly unknown[] },
  effect: () => Promise<T>,
): Promise<T> => {
  if (process.dead) return never();
  const { scheduler, random } = machine;
  machine.calls += 1;
  const fate = machine.decide({ number: machine.calls, at: scheduler.now(), process: process.name, ...what });
  if (fate !== OK) machine.faults += 1;
  const latency = 1 + random.below(8);
  return new Promise<T>((resolve, reject) => {
    const answer = (settle: () => void): void => {
      if (!process.dead) settle();
    };
    const perform = (then: (settle: () => void) => void): void => {
      scheduler.after(latency, () => {
        effect().then(
          (value) => then(() => resolve(value)),
          (error: unknown) => then(() => reject(error as Error)),
        );
      });
    };
    suffer(fate, { machine, process, latency, perform, answer, reject, resolve: () => resolve(undefined as T) });
  });
};

interface Suffering {
  machine: Machine;
  process: Process;
  latency: number;
  perform: (then: (settle: () => void) => void) => void;
  answer: (settle: () => void) => void;
  reject: (error: Error) => void;
  resolve: () => void;
}

const suffer = (fate: Fate, { machine, process, latency, perform, answer, reject, resolve }: Suffering): void => {
  const { scheduler } = machine;
  switch (fate.kind) {
    case 'ok':
      return perform(answer);
    case 'kill':
      if (fate.when === 'before') return killProcess(process);
      if (fate.when === 'after') return perform(() => killProcess(process));
      killProcess(process);
      return scheduler.after(LATE_MS, () => perform(() => undefined));
    case 'fail':
      if (fate.when === 'before') return scheduler.after(latency, () => answer(() => reject(fate.error)));
      return perform(() => answer(() => reject(fate.error)));
    case 'lost-race':
      return perform(() => answer(resolve));
    case 'pause':
      process.pausedUntil = scheduler.now() + latency + fate.milliseconds;
      return perform((settle) => scheduler.after(fate.milliseconds, () => answer(settle)));
  }
};

/** A port as one process sees it: every method that answers with a promise, or with pages, goes by `callPort`. */
export const portOf = <Port extends object>(machine: Machine, process: Process, name: string, port: Port): Port =>
  new Proxy(port, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function' || typeof key !== 'string') return member;
      const what = (args: readonly unknown[]) => ({ port: name, method: key, args });
      if (PAGED.has(key))
        return (...args: unknown[]) => paged(machine, process, what(args), () => member.apply(target, args));
      return (...args: unknown[]) => callPort(machine, process, what(args), () => member.apply(target, args));
    },
  });

const PAGED = new Set(['awaiting', 'all']);

async function* paged<T>(
  machine: Machine,
  process: Process,
  what: { port: string; method: string; args: readonly unknown[] },
  read: () => AsyncIterable<T>,
): AsyncGenerator<T> {
  yield* await callPort(machine, process, what, () => Array.fromAsync(read()));
}
