import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TowlineEvent } from '../../../src/ports/events.ts';

/** The first line that a script waits for. */
export interface ReadyLine {
  event: 'ready';
  url: string;
  webhooks: { github: string; gitlab: string };
  kubeconfig: string;
  contexts: string[];
  gitURL?: string;
}

export type EventLine = ReadyLine | TowlineEvent;
export type LineOf<Name extends EventLine['event']> = Extract<EventLine, { event: Name }>;

/** A running `towline`, as a script sees it: its `--json` lines, its errors, its end. */
export interface RunningTowline {
  pid: number;
  events: EventLine[];
  /** All that it wrote, as it was written. */
  stdout(): string;
  stderr(): string;
  /** The first event from the `from`th on of that name that fits; waits for it. */
  next<Name extends EventLine['event']>(
    name: Name,
    fits?: (line: LineOf<Name>) => boolean,
    from?: number,
  ): Promise<LineOf<Name>>;
  /** All events of a name until now. */
  all<Name extends EventLine['event']>(name: Name): LineOf<Name>[];
  ready(): Promise<ReadyLine>;
  /** Sends a signal to the process itself; answers with its exit code, null where a signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  /** Ends the launcher and all that is in its process group at once, as kill -9 does. */
  kill(): Promise<void>;
  exited: Promise<number | null>;
}

export const ROOT = join(import.meta.dirname, '../../..');
const PATIENCE_MS = 60_000;

/** A folder for one test's state; removed by `cleanUp`. */
export const stateFolder = (): { path: string; cleanUp(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'towline-e2e-'));
  return { path, cleanUp: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
};

/** None outlives the tests, whatever ends them. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) killGroup(child);
});

const isLineOf =
  <Name extends EventLine['event']>(name: Name) =>
  (line: EventLine): line is LineOf<Name> =>
    line.event === name;

/** Starts `towline ARGS` the way `npx towline` does, in a process group of its own. */
export const startTowline = (args: string[], environment: Record<string, string> = {}): RunningTowline => {
  const child = spawn(process.execPath, [join(ROOT, 'src/cli/towline.mjs'), ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { events, stdout, stderr, waiting } = collect(child);
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  const next: RunningTowline['next'] = (name, fits = () => true, from = 0) =>
    new Promise((resolve, reject) => {
      const give = (work: () => void): void => {
        clearTimeout(timer);
        waiting.delete(look);
        work();
      };
      const timer = setTimeout(() => {
        const lines = events.slice(-40).map((line) => JSON.stringify(line));
        give(() =>
          reject(new Error(`no ${name} that fits within ${PATIENCE_MS} ms\n${stderr()}\n${lines.join('\n')}`)),
        );
      }, PATIENCE_MS);
      const look = (): void => {
        const found = events.slice(from).filter(isLineOf(name)).find(fits);
        if (found) give(() => resolve(found));
      };
      waiting.add(look);
      void exited.then((code) => {
        if (waiting.has(look)) give(() => reject(new Error(`towline ended with ${code} before ${name}\n${stderr()}`)));
      });
      look();
    });
  running.add(child);
  void exited.then(() => running.delete(child));
  return {
    pid: child.pid ?? 0,
    events,
    stdout,
    stderr,
    next,
    all: (name) => events.filter(isLineOf(name)),
    ready: () => next('ready'),
    end: (signal = 'SIGINT') => {
      child.kill(signal);
      return exited;
    },
    kill: async () => {
      killGroup(child);
      await exited;
    },
    exited,
  };
};

const collect = (child: ChildProcess) => {
  const events: EventLine[] = [];
  const waiting = new Set<() => void>();
  const text = { stdout: '', stderr: '' };
  if (!child.stdout || !child.stderr) throw new Error('the process has no pipes');
  createInterface({ input: child.stdout }).on('line', (line) => {
    text.stdout += `${line}\n`;
    // A killed process may leave half a line; without --json there are no events.
    if (line.startsWith('{') && line.endsWith('}')) events.push(JSON.parse(line) as EventLine);
    for (const look of waiting) look();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text.stderr += chunk.toString();
  });
  return { events, waiting, stdout: () => text.stdout, stderr: () => text.stderr };
};

const killGroup = (child: ChildProcess): void => {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Gone already, as it should be.
  }
};

/** The process that holds a state directory: the stack itself, which the launcher has started. */
export const stackProcess = (stateDir: string): number => Number(readFileSync(join(stateDir, 'lock'), 'utf8'));
