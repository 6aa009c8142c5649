import { randomUUID } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { createGitRepository } from '../adapters/git/repository.ts';
import { rejected } from '../domain/errors.ts';
import { formatProblem } from '../domain/problem.ts';
import { type Checkout, isShallow, readCheckout, resolveInCheckout } from '../local/git-checkout.ts';
import { createLocalSandbox } from '../local/local-sandbox.ts';
import type { Log } from '../ports/log.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import {
  type CommandInput,
  checkDirectory,
  oneLine,
  outputOf,
  readOptions,
  runCommand,
  usage,
} from './command-line.ts';
import { type Affected, compareCommits } from './compare-commits.ts';
import { readGivenAnswers } from './given-answers.ts';
import { publicChartTrees } from './public-charts.ts';
import { toolsDir } from './tools-dir.ts';

/** What `towline affected --help` prints. */
export const AFFECTED_USAGE = `Usage: towline affected --fleet DIR --from REV --to REV [--answers FILE] [-o text|json]

Prints the Applications that a change affects, each with the input that made it so: as planning finds them when the branch
moves from one revision to the other.

      --fleet DIR       a Git checkout, or a bare repository; its Argo CD documents below DIR, and the sources that they
                        name, count as committed
      --from, --to REV  what git rev-parse takes: a commit, branch or tag, HEAD~1
      --ref BRANCH      the branch that moves (default: the one that --to names, that is checked out, or that --from
                        names, the first that an Application follows; else the default branch)
      --answers FILE    what forges and plugins would answer to pullRequest, scmProvider and plugin generators, at either
                        revision, as in towline appset generate
  -o, --output FORMAT   text (default) or json: one list

The checkout stands for the repositories of its remotes; where no Application names one of these, for every repository.
Applications that follow another branch, a tag or a commit are affected only by their own document. Those that Applications
deliver to the control plane (app of apps) count, as deep as they are delivered: what delivers them is rendered.

Charts of Helm repositories and OCI registries are fetched, without credentials, and count as they are now.

An ApplicationSet whose generators ask (without --answers) a forge or a plugin, or (without a fleet file) for clusters, is not
expanded, which is said on standard error.

Exit code 0: compared; 1: a document at --to is wrong, so its last good version counts; 2: wrong usage, or no such revision.
`;

export interface RunAffectedInput extends CommandInput {
  /** Reads a file's text; '-' is standard input. */
  readFile: (path: string) => Promise<string>;
}

/**
 * The body of `towline affected`: the affected Applications by id on `write`, what is wrong with documents on `writeError`.
 * Answers with the exit code: 0, 1 where a document is wrong, 2 for wrong usage and unreadable input.
 */
export const runAffected = (input: RunAffectedInput): Promise<number> =>
  runCommand('affected', input, async () => {
    const options = readArgs(input.args);
    if (options === 'help') {
      input.write(AFFECTED_USAGE);
      return 0;
    }
    const path = resolve(input.cwd, options.fleet);
    await checkDirectory(path);
    const searchPath = input.environment['PATH'];
    const checkout = await readCheckout(path, searchPath);
    if (!checkout) throw rejected('not-a-checkout', `${options.fleet} is in no Git checkout`);
    const commits = {
      from: await commitOf(path, '--from', options.from, searchPath),
      to: await commitOf(path, '--to', options.to, searchPath),
    };
    const answers =
      options.answers === undefined ? {} : { answers: await readGivenAnswers(options.answers, input.readFile) };
    const prefix = relative(checkout.root, await realpath(path));
    const { applications, problems } = await withRepository(checkout, input, (repository, sandbox) =>
      compareCommits({
        repository,
        sandbox,
        charts: publicChartTrees(),
        checkout,
        commits,
        branches: movingBranches(options, checkout),
        prefix: prefix === '' ? '' : `${prefix}/`,
        ...answers,
      }),
    );
    for (const problem of problems) (input.writeError ?? input.write)(`${oneLine(formatProblem(problem))}\n`);
    input.write(
      options.output === 'json' ? `${JSON.stringify(applications, null, 2)}\n` : applications.map(asText).join(''),
    );
    return problems.some(({ code }) => code !== PENDING) ? 1 : 0;
  });

/** Nobody's mistake: forges, plugins and clusters are not asked here. */
const PENDING = 'application-set-pending';

interface Options {
  fleet: string;
  from: string;
  to: string;
  ref: string | undefined;
  answers: string | undefined;
  output: 'text' | 'json';
}

const readArgs = (args: readonly string[]): Options | 'help' => {
  const { values, positionals } = readOptions(args, {
    fleet: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    ref: { type: 'string' },
    answers: { type: 'string' },
    output: { type: 'string', short: 'o' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) return 'help';
  const { fleet, from, to, ref, answers } = values;
  if (positionals[0] !== undefined) throw usage(`unexpected argument ${positionals[0]}`);
  if (fleet === undefined) throw usage('--fleet DIR is missing');
  if (from === undefined) throw usage('--from REV is missing');
  if (to === undefined) throw usage('--to REV is missing');
  return { fleet, from, to, ref, answers, output: outputOf(values.output, ['text', 'json']) };
};

const commitOf = async (
  path: string,
  option: string,
  revision: string,
  searchPath: string | undefined,
): Promise<string> => {
  const commit = await resolveInCheckout(path, revision, searchPath);
  if (commit !== undefined) return commit;
  const remedy = (await isShallow(path, searchPath))
    ? ', which is a shallow clone: fetch its history (git fetch --unshallow; fetch-depth: 0 of actions/checkout)'
    : '';
  throw rejected('revision-missing', `${option} ${revision} names no commit of ${path}${remedy}`);
};

/** The branches that may be the one that moves, the likeliest first; one that is asked for is the only one. */
const movingBranches = ({ ref, from, to }: Options, { branch, branches }: Checkout) => {
  const named = [to, branch ?? '', from].map((name) => `refs/heads/${name.replace(/^(?:refs\/heads|origin)\//, '')}`);
  return {
    ...(ref === undefined ? {} : { asked: ref.startsWith('refs/') ? ref : `refs/heads/${ref}` }),
    likely: named.filter((name) => branches.has(name)),
  };
};

const AWAKE_MS = 60_000;

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Reads the checkout through the adapter that reads every Git repository, with a cache and a sandbox of its own for the while. */
const withRepository = async <T>(
  { root }: Checkout,
  { cwd, environment }: CommandInput,
  use: (repository: ReturnType<typeof createGitRepository>, sandbox: Sandbox) => Promise<T>,
): Promise<T> => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'towline-affected-'));
  const searchPath = environment['PATH'];
  const options = { url: root, cacheDir, log: SILENT, allowInsecure: true, newId: randomUUID, searchPath };
  const repository = createGitRepository(options);
  const sandbox = createLocalSandbox({ stateDir: toolsDir({ cwd, environment }), environment, withOrigins: true });
  // The adapter's git process keeps no program alive, and here nothing else does.
  const awake = setInterval(() => undefined, AWAKE_MS);
  try {
    return await use(repository, sandbox);
  } finally {
    clearInterval(awake);
    repository.close();
    await sandbox.close();
    await rm(cacheDir, { recursive: true, force: true });
  }
};

const asText = ({ application, reason, error }: Affected): string =>
  `${application}: ${reason}${error === undefined ? '' : ` (cannot be rendered: ${oneLine(error)})`}\n`;
