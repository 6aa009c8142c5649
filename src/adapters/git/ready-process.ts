import type { ChildProcessWithoutNullStreams } from 'node:child_process';

/** Off the way of what follows at once: a start holds this process up for some milliseconds. */
const PREPARE_AFTER_MS = 250;
/** A process that nobody has had use for in this time is ended. */
const IDLE_MS = 5 * 60_000;

export interface ReadyProcess {
  /** The process that waits, else a new one. After the first use the next one is started in a moment. */
  take(): ChildProcessWithoutNullStreams;
  /** Ends what waits. */
  close(): void;
}

/**
 * Keeps one process of a kind started ahead: one that does nothing before it hears something on its standard input.
 * A waiting one does not keep Node alive, and ends by itself when this process does.
 */
export const createReadyProcess = (start: () => ChildProcessWithoutNullStreams): ReadyProcess => {
  let waiting: ChildProcessWithoutNullStreams | undefined;
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearTimeout(timer);
    waiting?.kill('SIGKILL');
    waiting?.stdin.destroy();
    waiting = undefined;
  };
  const prepare = (): void => {
    const child = start();
    waiting = child;
    const gone = (): void => {
      if (waiting === child) waiting = undefined;
    };
    child.once('exit', gone);
    child.once('error', gone);
    holding(child, 'unref');
    timer = setTimeout(end, IDLE_MS).unref();
  };
  return {
    take: () => {
      const child = waiting ?? start();
      waiting = undefined;
      clearTimeout(timer);
      timer = setTimeout(prepare, PREPARE_AFTER_MS).unref();
      holding(child, 'ref');
      return child;
    },
    close: end,
  };
};

/** Lets a child and its streams keep Node alive, or not. */
export const holding = (child: ChildProcessWithoutNullStreams, how: 'ref' | 'unref'): void => {
  child[how]();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    const hold: unknown = Reflect.get(stream, how);
    if (typeof hold === 'function') Reflect.apply(hold, stream, []);
  }
};
