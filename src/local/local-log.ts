import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../ports/log.ts';
import { makeStateDir } from './make-state-dir.ts';

/**
 * The local stack's log: every line as JSON in `<stateDir>/towline.log`, warnings and errors on standard error as well.
 */
export const createLocalLog = (stateDir: string): { log: Log; close(): Promise<void> } => {
  makeStateDir(stateDir);
  const file = createWriteStream(join(stateDir, 'towline.log'), { flags: 'a', mode: 0o600 });
  // A full disk must not end the stack; what matters is on standard error, too.
  file.on('error', () => undefined);
  const write =
    (level: string, loud: boolean) =>
    (message: string, fields: Record<string, unknown> = {}): void => {
      const line = JSON.stringify({ at: new Date().toISOString(), level, message, ...fields });
      file.write(`${line}\n`);
      if (loud) process.stderr.write(`towline: ${level}: ${readableLine(message, fields)}\n`);
    };
  return {
    log: {
      debug: write('debug', false),
      info: write('info', false),
      warn: write('warn', true),
      error: write('error', true),
    },
    close: () => new Promise((resolve) => file.end(resolve)),
  };
};

/** A log line as people read it: `poll failed: GitHub did not answer (repository: https://…, failures: 1)`. */
export const readableLine = (message: string, { reason, ...fields }: Record<string, unknown>): string => {
  const shown = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  const told = Object.entries(fields).filter(([, value]) => value !== undefined && shown(value) !== '{}');
  const rest = told.map(([name, value]) => `${name}: ${shown(value)}`);
  return `${message}${reason ? `: ${shown(reason)}` : ''}${rest.length > 0 ? ` (${rest.join(', ')})` : ''}`;
};
