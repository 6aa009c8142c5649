import { execFile } from 'node:child_process';
import type { RunCommand } from '../adapters/kubernetes/exec-credentials.ts';

/** A login that nobody answers must not hold a sync for ever. */
const TIME_MS = 60_000;
const MOST_BYTES = 1_048_576;

/** Runs programs of the user's kubeconfig as the user's shell would: with its environment, without input. */
export const createRunCommand =
  (environment: Readonly<Record<string, string | undefined>>): RunCommand =>
  ({ command, args, env }) =>
    new Promise((done) => {
      const options = { env: { ...environment, ...env }, timeout: TIME_MS, maxBuffer: MOST_BYTES };
      const child = execFile(command, args, options, (error, stdout, stderr) => {
        if (!error) return done({ code: 0, stdout, stderr });
        const { code } = error;
        if (typeof code === 'number') return done({ code, stdout, stderr });
        done({ code: undefined, stdout, stderr: code ?? `not ended within ${TIME_MS / 1_000} s` });
      });
      // A program that could not be started has none.
      child.stdin?.on('error', () => undefined).end();
    });
