import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { AwsEndpoints } from '../../config.ts';

export const SERVICES = ['dynamodb', 'sqs', 's3'] as const;
export type Service = (typeof SERVICES)[number];

export interface Emulators {
  /** Base URLs of the emulated services; others are undefined. */
  endpoints: AwsEndpoints;
  close(): Promise<void>;
}

/** What the emulators' process says once: that it serves, or why it does not. */
export type EmulatorsMessage = { endpoints: AwsEndpoints } | { error: string };

/** MiB: what requests leave behind is collected before it spreads; a third less memory at the same CPU time. */
const SMALL_NEW_SPACE = '--max-semi-space-size=2';

const ENDS_WITHIN_MS = 3_000;

/**
 * Starts those services (SQS and S3 in memory, DynamoDB on LevelDB under `stateDir`) on loopback ports of their own, in a
 * process of their own: they take the second core, and what the functions cost can be told from what AWS would.
 */
export const startEmulators = async (stateDir: string, services: readonly Service[]): Promise<Emulators> => {
  if (services.length === 0) return { endpoints: {}, close: () => Promise.resolve() };
  const child = fork(join(import.meta.dirname, 'emulators-child.ts'), [stateDir, ...services], {
    // Ctrl-C reaches the whole process group; the child ends when this process lets go of it.
    detached: true,
    execArgv: [...process.execArgv, SMALL_NEW_SPACE],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const message = await firstMessage(child);
  if ('error' in message) throw new Error(`the AWS emulators did not start: ${message.error}`);
  return { endpoints: message.endpoints, close: () => end(child) };
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
