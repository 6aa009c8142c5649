import { spawn } from 'node:child_process';

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
const CAPPED = 'ulimit -v 4194304; ulimit -t 60; ulimit -f 204800; ulimit -c 0; exec "$0" "$@"';

/**
 * Runs one tool in a process group of its own, with caps, no standard input, and nothing of this process's environment.
 * The whole group is killed at the deadline and when the output is too much. Never rejects.
 */
export const runTool = (run: ToolRun): Promise<ToolOutcome> =>
  new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', CAPPED, run.command, ...run.args], {
      cwd: run.cwd,
      env: run.environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let ended: ToolOutcome | undefined;
    const stop = (outcome: ToolOutcome): void => {
      ended ??= outcome;
      killGroup(child.pid);
    };
    const timer = setTimeout(stop, run.deadlineMilliseconds, { ended: 'timeout' });
    const stdout = collect(child.stdout, run.stdoutBytes, () => stop({ ended: 'too-large' }));
    const stderr = collect(child.stderr, STDERR_BYTES, () => undefined);
    child.on('error', () => {
      clearTimeout(timer);
      resolve({ ended: 'missing' });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      killGroup(child.pid);
      resolve(ended ?? outcomeOf(code, signal, stdout, stderr));
    });
  });

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

const collect = (stream: NodeJS.ReadableStream, limit: number, onExcess: () => void): (() => string) => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= limit) chunks.push(chunk);
    else onExcess();
  });
  return () => Buffer.concat(chunks).toString('utf8');
};
