import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { permanent, rejected } from '../domain/errors.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import { parseFleetFile } from '../domain/fleet/parse-fleet-file.ts';
import { formatProblem, type Problem } from '../domain/problem.ts';
import { checkKubeconfigs } from '../local/check-kubeconfigs.ts';
import { createLocalLog } from '../local/local-log.ts';
import type { Stack, StackOptions } from '../local/stack.ts';
import { readOptions, STATE_DIR, usage } from './command-line.ts';
import { createJsonPrinter, createTimelinePrinter } from './timeline.ts';

const OPTIONS = {
  fleet: { type: 'string' },
  port: { type: 'string' },
  state: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What `towline dev --help` prints; `towline demo` takes the same but for the fleet. */
export const DEV_USAGE = `Usage: towline dev --fleet FILE [--port N] [--state DIR] [--json]
       towline demo [--port N] [--state DIR] [--json]   (npm start)

Runs the whole product on this machine until Ctrl-C: dev on your repositories and clusters, demo on a fleet of its own.

      --fleet FILE   the fleet file (README: Your own fleet). Its secrets are variables: acme-github is
                     TOWLINE_SECRET_ACME_GITHUB. Paths of kubeconfigs are relative to the file
      --port N       where webhooks, the page and its API are served (default: 8484; 0: any free port)
      --state DIR    what is kept from one start to the next (default: .towline)
      --json         one JSON object a line instead of the timeline; the first one tells the URLs ("event":"ready")

Exit code 0: ended by Ctrl-C; 1: it cannot start here, and why; 2: the command, the fleet file or a kubeconfig is not right.
`;

const DEFAULT_PORT = 8484;

/**
 * Runs the local stack until Ctrl-C or SIGTERM. Answers with the exit code: 0 after an orderly end.
 * Errors: AppError `fleet-file-invalid`, `usage` (rejected, exit 2), `port-in-use`, `git-missing`, `state-not-writable`.
 */
export const runDev = async (args: string[], { demo }: { demo: boolean }): Promise<number> => {
  const { values, positionals } = readOptions(args, OPTIONS);
  if (values.help) {
    process.stdout.write(DEV_USAGE);
    return 0;
  }
  const [unexpected] = positionals;
  if (unexpected !== undefined) throw usage(`unexpected argument ${unexpected}`);
  const printer = values.json
    ? createJsonPrinter(process.stdout)
    : createTimelinePrinter(process.stdout, { color: isColored() });
  const port = portOf(values.port);
  const stateDir = resolve(values.state ?? STATE_DIR);
  if (!demo && values.fleet === undefined) {
    throw usage('towline dev needs --fleet FILE (npm start runs a demo fleet)');
  }
  const fleet = values.fleet === undefined ? undefined : await readFleet(values.fleet);
  const { log, close } = openLog(stateDir);
  const options = { port, stateDir, environment: process.env, printer, log };
  const ended = untilAsked();
  // Asked to stop while starting: wait for the start, so that nothing is left running.
  const stack = await start(options, fleet);
  await ended;
  printer.stopping();
  const isClosed = await within(CLOSE_WITHIN_MS, stack.close());
  if (!isClosed) log.warn('something under way did not end in time: the next start goes on with it');
  await close();
  if (!isClosed) process.exit(0);
  return 0;
};

const CLOSE_WITHIN_MS = 8_000;

/** True where the work ended in time. The timer also keeps the process alive for work that would not. */
const within = async (milliseconds: number, work: Promise<void>): Promise<boolean> => {
  const timer = new AbortController();
  const late = setTimeout(milliseconds, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return inTime;
};

/** The stack is loaded only now: what is wrong with the command or the fleet file is said before. */
const start = async (options: Omit<StackOptions, 'fleet'>, fleet: FleetFile | undefined): Promise<Stack> => {
  if (fleet) return (await import('../local/stack.ts')).startStack({ ...options, fleet });
  return (await import('../local/demo/demo.ts')).startDemo(options);
};

/** On a terminal, unless its user wants no colours (https://no-color.org). */
const isColored = (): boolean => process.stdout.isTTY && !process.env['NO_COLOR'];

const openLog = (stateDir: string) => {
  try {
    return createLocalLog(stateDir);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw permanent('state-not-writable', `cannot write to ${stateDir} (${code}): give another --state DIR`);
  }
};

const portOf = (text: string | undefined): number => {
  const port = text === undefined ? DEFAULT_PORT : Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw usage(`--port ${text}: give a number from 0 (any free port) to 65535`);
};

const readFleet = async (path: string): Promise<FleetFile> => {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw rejected('fleet-file-invalid', `cannot read the fleet file ${path}: ${error.code ?? error.message}`);
  });
  const parsed = parseFleetFile(text, { file: path, local: true });
  const doubts = parsed.ok ? parsed.doubts : [];
  for (const warning of [...parsed.warnings, ...doubts]) process.stderr.write(`towline: ${formatProblem(warning)}\n`);
  if (!parsed.ok) throw invalid(parsed.problems);
  const fleet = withPathsFrom(dirname(resolve(path)), parsed.fleet);
  const problems = await checkKubeconfigs(fleet, parsed.problem);
  if (problems.length > 0) throw invalid(problems);
  return fleet;
};

const invalid = (problems: readonly Problem[]) =>
  rejected('fleet-file-invalid', `the fleet file is not right:\n${problems.map(formatProblem).join('\n')}`);

/** Kubeconfigs are named from where the fleet file is, wherever the command runs. */
const withPathsFrom = (folder: string, fleet: FleetFile): FleetFile => ({
  ...fleet,
  clusters: fleet.clusters.map((cluster) => {
    const { access } = cluster;
    if (access.type !== 'kubeconfig' || access.path.startsWith('~/')) return cluster;
    return { ...cluster, access: { ...access, path: resolve(folder, access.path) } };
  }),
});

/** One Ctrl-C may come twice, from the terminal and from the launcher. */
const SAME_SIGNAL_MS = 500;

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP, or where standard output is closed; a later one ends the process at once, as does the launcher's death.
 */
const untilAsked = (): Promise<void> =>
  new Promise((done) => {
    let askedAt: number | undefined;
    const onSignal = (): void => {
      if (askedAt !== undefined && Date.now() - askedAt > SAME_SIGNAL_MS) process.exit(130);
      askedAt ??= Date.now();
      done();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    // Who read it has gone, as in `towline dev … | head -1`.
    process.stdout.on('error', () => done());
    process.on('disconnect', () => process.exit(1));
    process.channel?.unref();
  });
