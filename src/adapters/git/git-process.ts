import { type ChildProcess, spawn } from 'node:child_process';
import { gitMissing } from './git-errors.ts';

/** The usual places of git; `PATH` of the process is handed in by whoever may read the environment. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin';
const MAX_STDERR = 16_384;

/** What a git process may use. `protocols` is git's own list (`https`, `http:https:file`). */
export interface GitSettings {
  searchPath?: string | undefined;
  protocols: string;
}

export interface GitRun {
  /** Working directory: the bare repository, where there is one. */
  cwd?: string;
  /** `Authorization` header for this URL; handed over in the environment, so it is in no argument list. */
  authorization?: { url: string; header: string } | undefined;
}

/** Options that switch off everything in git that a repository, a server or the machine's configuration could steer. */
const HARDENED = [
  'core.symlinks=false',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.fsync=none',
  'submodule.recurse=false',
  'fetch.fsckObjects=true',
  'http.followRedirects=false',
  'credential.helper=',
  'gc.auto=0',
  'gc.packRefs=false',
  'maintenance.auto=false',
  'protocol.version=2',
].flatMap((option) => ['-c', option]);

const environment = (settings: GitSettings, run: GitRun): Record<string, string> => ({
  PATH: settings.searchPath ?? DEFAULT_PATH,
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: 'false',
  GIT_ALLOW_PROTOCOL: settings.protocols,
  GIT_LFS_SKIP_SMUDGE: '1',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  ...(run.authorization && {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${run.authorization.url}.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: ${run.authorization.header}`,
  }),
});

/**
 * Starts git with a scrubbed environment, hardened options and a process group of its own. All three streams are
 * pipes. Source of the options: reference reliability-security.md §4.
 */
export const startGit = (settings: GitSettings, args: readonly string[], run: GitRun = {}) =>
  spawn('git', [...HARDENED, ...args], {
    cwd: run.cwd,
    env: environment(settings, run),
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });

/** Ends a process started by `startGit` together with its children. */
export const killGroup = (child: ChildProcess): void => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Gone between the look and the kill: nothing is left to end.
  }
};

interface Fed {
  input?: AsyncIterable<Uint8Array> | undefined;
  timeoutMs: number;
}

export interface GitResult {
  /** Exit status; -1 when it was ended by a signal or by the deadline. */
  status: number;
  stdout: Buffer;
  /** At most 16 KiB; not cleaned. */
  stderr: string;
  timedOut: boolean;
}

/**
 * Runs git to its end and answers with what it said; a failed command is an answer, not an error. `input` goes to its
 * standard input. After `timeoutMs` the whole process group is killed. Errors: AppError `git-missing`.
 */
export const runGit = (settings: GitSettings, args: readonly string[], run: GitRun & Fed): Promise<GitResult> =>
  finishGit(startGit(settings, args, run), run);

/** Runs a git that was started before to its end; else as `runGit`. */
export const finishGit = (child: ReturnType<typeof startGit>, run: Fed): Promise<GitResult> => {
  const stdout: Buffer[] = [];
  let stderr = '';
  let timedOut = false;
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MAX_STDERR) stderr += text.slice(0, MAX_STDERR);
  });
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child);
  }, run.timeoutMs);
  const ended = new Promise<GitResult>((resolve, reject) => {
    child.once('error', (error) => reject(spawnError(error)));
    child.once('close', (code) => resolve({ status: code ?? -1, stdout: Buffer.concat(stdout), stderr, timedOut }));
  });
  const fed = feed(child, run.input);
  return Promise.all([ended, fed])
    .then(([result]) => result)
    .finally(() => clearTimeout(timer));
};

/** The spawn failure as an AppError where git is not there. */
export const spawnError = (error: Error): Error =>
  'code' in error && error.code === 'ENOENT' ? gitMissing(error) : error;

/** Writes the input with back-pressure. A reader that went away is told by its exit status, not by the broken pipe. */
const feed = async (
  child: ReturnType<typeof startGit>,
  input: AsyncIterable<Uint8Array> | undefined,
): Promise<void> => {
  let open = true;
  let wake = (): void => {};
  const stop = (): void => {
    open = false;
    wake();
  };
  child.stdin.on('error', stop);
  child.once('close', stop);
  child.once('error', stop);
  child.stdin.on('drain', () => wake());
  try {
    for await (const chunk of input ?? []) {
      if (!open) break;
      if (child.stdin.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (!open) resolve();
      });
    }
  } catch (error) {
    killGroup(child);
    throw error;
  }
  child.stdin.end();
};
