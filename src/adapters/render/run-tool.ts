import { type ChildProcess, spawn } from 'node:child_process';

export interface ToolRun {
  command: string;
  args: readonly string[];
  cwd: string;
  /** The child's whole environment. */
  environment: Readonly<Record<string, string>>;
  deadlineMilliseconds: number;
  stdoutBytes: number;
}

export type ToolOutcome =
  | { ended: 'exit'; code: number; stdout: string; stderr: string }
  | { ended: 'killed'; signal: string; stderr: string }
  | { ended: 'timeout' }
  | { ended: 'too-large' }
  | { ended: 'missing' };

const STDERR_BYTES = 65_536;

/**
 * Address space (KiB), processor seconds, size of a written file (512-byte blocks), no core files. The shell replaces
 * itself by the tool; arguments are its positional parameters, so nothing of them is ever parsed.
 */
const CAPS = 'ulimit -v 4194304; ulimit -t 60; ulimit -f 204800; ulimit -c 0;';
const CAPPED = `${CAPS} exec "$0" "$@"`;
/** What Node hands over as standard input is a socket, which a tool cannot open by name: it gets a pipe. */
const FED = `${CAPS} /bin/cat | "$0" "$@"`;

/** A tool that waits for its standard input. */
export interface StartedTool {
  /** Gives it all its input; from here on it has until its deadline. */
  feed(input: string): void;
  /** How it ended. Never rejects. */
  ended: Promise<ToolOutcome>;
  stop(): void;
}

/**
 * Runs one tool in a process group of its own, with caps, no standard input, and nothing of this process's environment.
 * The whole group is killed at the deadline and when the output is too much. Never rejects.
 */
export const runTool = (run: ToolRun): Promise<ToolOutcome> => {
  const child = start(run, CAPPED, 'ignore');
  const { ended, startClock } = watch(run, child);
  startClock();
  return ended;
};

/** Starts a tool as `runTool` does, but lets it wait for its input, for as long as it takes. */
export const startTool = (run: ToolRun): StartedTool => {
  const child = start(run, FED, 'pipe');
  const { ended, startClock } = watch(run, child);
  // It may end before it has read all: its outcome says so.
  child.stdin?.on('error', () => undefined);
  return {
    ended,
    feed: (input) => {
      startClock();
      child.stdin?.end(input);
    },
    stop: () => killGroup(child.pid),
  };
};

const start = ({ command, args, cwd, environment }: ToolRun, script: string, stdin: 'ignore' | 'pipe'): ChildProcess =>
  spawn('/bin/sh', ['-c', script, command, ...args], {
    cwd,
    env: environment,
    detached: true,
    stdio: [stdin, 'pipe', 'pipe'],
  });

const watch = (run: ToolRun, child: ChildProcess): { ended: Promise<ToolOutcome>; startClock(): void } => {
  let forced: ToolOutcome | undefined;
  let timer: NodeJS.Timeout | undefined;
  const stop = (outcome: ToolOutcome): void => {
    forced ??= outcome;
    killGroup(child.pid);
  };
  const stdout = collect(child.stdout, run.stdoutBytes, () => stop({ ended: 'too-large' }));
  const stderr = collect(child.stderr, STDERR_BYTES, () => undefined);
  const ended = new Promise<ToolOutcome>((resolve) => {
    child.on('error', () => {
      clearTimeout(timer);
      resolve({ ended: 'missing' });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      killGroup(child.pid);
      resolve(forced ?? outcomeOf(code, signal, stdout, stderr));
    });
  });
  const startClock = (): void => {
    timer = setTimeout(stop, run.deadlineMilliseconds, { ended: 'timeout' });
  };
  return { ended, startClock };
};

const outcomeOf = (
  code: number | null,
  signal: NodeJS.Signals | null,
  stdout: () => string,
  stderr: () => string,
): ToolOutcome => {
  // What a shell answers that could not find or start the command.
  if (code === 126 || code === 127) return { ended: 'missing' };
  if (code === null) return { ended: 'killed', signal: signal ?? 'unknown', stderr: stderr() };
  return { ended: 'exit', code, stdout: stdout(), stderr: stderr() };
};

const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already, which is what was wanted.
  }
};

const collect = (stream: NodeJS.ReadableStream | null, limit: number, onExcess: () => void): (() => string) => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= limit) chunks.push(chunk);
    else onExcess();
  });
  return () => Buffer.concat(chunks).toString('utf8');
};
