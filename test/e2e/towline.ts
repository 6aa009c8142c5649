import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type EventLine = { event: string; [field: string]: unknown };

/** A running `towline`, as a script sees it: its `--json` lines, its errors, its end. */
export interface RunningTowline {
  events: EventLine[];
  stderr(): string;
  /** The first event from `from` on that fits; waits for it. */
  next(fits: (event: EventLine) => boolean, from?: number): Promise<EventLine>;
  /** Sends a signal to the process itself; answers with its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  exited: Promise<number | null>;
}

const ROOT = join(import.meta.dirname, '../..');
const PATIENCE_MS = 60_000;

/** A folder for one test's state; removed by `cleanUp`. */
export const stateFolder = (): { path: string; cleanUp(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'towline-e2e-'));
  return { path, cleanUp: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
};

/** Starts `towline ARGS --json` the way `npx towline` does, in a process group of its own. */
export const startTowline = (args: string[], environment: Record<string, string> = {}): RunningTowline => {
  const child = spawn(process.execPath, [join(ROOT, 'src/cli/towline.mjs'), ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const events: EventLine[] = [];
  const waiting = new Set<() => void>();
  let errors = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(JSON.parse(line) as EventLine);
    for (const look of waiting) look();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const next = (fits: (event: EventLine) => boolean, from = 0): Promise<EventLine> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(
          new Error(
            `no such event within ${PATIENCE_MS} ms; ${errors}\n${events.map((one) => JSON.stringify(one)).join('\n')}`,
          ),
        );
      }, PATIENCE_MS);
      const look = (): void => {
        const found = events.slice(from).find(fits);
        if (!found) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  const end = (signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  process.on('exit', () => killGroup(child));
  return { events, stderr: () => errors, next, end, exited };
};

const killGroup = (child: ChildProcess): void => {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Gone already, as it should be.
  }
};
