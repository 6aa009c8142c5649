import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

export interface Emulators {
  /** What the AWS SDKs and src/config.ts read: endpoints, region, throw-away credentials, queue URLs, names. */
  environment: Record<string, string>;
  /** The process that plays AWS: what it costs is not the product's cost. */
  pid: number;
  close(): Promise<void>;
}

/** What the emulators' process says once: that it serves, or why it does not. */
export type EmulatorsMessage = { environment: Record<string, string> } | { error: string };

/** MiB: what requests leave behind is collected before it spreads; a third less memory at the same CPU time. */
const SMALL_NEW_SPACE = '--max-semi-space-size=2';

const ENDS_WITHIN_MS = 3_000;

/**
 * Starts SQS and S3 (in memory) and DynamoDB (LevelDB under `stateDir`) on loopback ports of their own, in a process of
 * their own: they take the second core, and what the functions cost can be told from what AWS would.
 */
export const startEmulators = async (stateDir: string): Promise<Emulators> => {
  const child = fork(join(import.meta.dirname, 'emulators-child.ts'), [stateDir], {
    // Ctrl-C reaches the whole process group; the child ends when this process lets go of it.
    detached: true,
    execArgv: [...process.execArgv, SMALL_NEW_SPACE],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const message = await firstMessage(child);
  if ('error' in message) throw new Error(`the AWS emulators did not start: ${message.error}`);
  return { environment: message.environment, pid: child.pid ?? 0, close: () => end(child) };
};

const firstMessage = (child: ChildProcess): Promise<EmulatorsMessage> =>
  new Promise((resolve, reject) => {
    child.once('message', (message: EmulatorsMessage) => resolve(message));
    child.once('error', reject);
    child.once('exit', (code) => resolve({ error: `their process ended with ${code}` }));
  });

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
  child.disconnect();
  await ended;
  clearTimeout(timer);
};
