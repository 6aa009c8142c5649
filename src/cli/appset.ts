import { resolve } from 'node:path';
import { type AnswerNeed, expandSet } from '../app/expand-set.ts';
import { AppError, rejected } from '../domain/errors.ts';
import { applicationId } from '../domain/fleet/application.ts';
import type { ApplicationSet } from '../domain/fleet/applicationset/application-set.ts';
import type { Expanded } from '../domain/fleet/applicationset/expand.ts';
import { type GeneratorInputs, NO_INPUTS } from '../domain/fleet/applicationset/generator-inputs.ts';
import { problemsOfMade } from '../domain/fleet/compile-sets.ts';
import { readFleetFile } from '../domain/fleet/read-fleet-files.ts';
import { formatProblem, type Problem } from '../domain/problem.ts';
import type { SetExpander } from '../ports/set-expander.ts';
import { answerFromFolders, type Folders } from './answer-generators.ts';
import {
  type CommandInput,
  checkDirectory,
  oneLine,
  outputOf,
  readOptions,
  readRepos,
  runCommand,
  unreadable,
  usage,
} from './command-line.ts';
import { createExpanderHere } from './compile-checkout.ts';
import { readClusters } from './generator-clusters.ts';
import { readGivenAnswers } from './given-answers.ts';
import { OUTPUTS, printApplications } from './print-applications.ts';

/** What `towline appset --help` prints. */
export const APPSET_USAGE = `Usage: towline appset generate -f FILE [--clusters FILE] [--answers FILE] [--repo-root DIR]
                               [--repo URL=DIR] [-o yaml|json|wide]

Prints the Applications that ApplicationSets make as argocd appset generate does, without a cluster or a Git host.

  -f, --filename FILE   the ApplicationSet's YAML or JSON; - is standard input. Of several sets all are generated, in order.
                        The option's name may be left out, as with argocd
      --clusters FILE   what cluster generators see: Argo CD's cluster Secrets (YAML documents or a JSON list), or a fleet
                        file. Argo CD's own cluster, in-cluster, is added to Secrets that do not have it
      --answers FILE    what forges and plugins would answer to pullRequest, scmProvider and plugin generators (YAML):
                          pullRequests: { OWNER/NAME: [{ number, title, branch, targetBranch, headSHA, author, labels }] }
                          repositories: { ORGANIZATION: [{ repository, url, branch, sha, labels, paths }] }
                          plugins: { NAME: [{ parameters, output: [{…}] }] }
      --repo URL=DIR    the working tree that stands for a Git repository, whatever the revision. May be repeated
      --repo-root DIR   the one for every other repository (default: the current directory, unless --repo is given)
  -o, --output FORMAT   yaml (default) or json: one Application by itself, several as a list; wide: a table

Nobody is asked: a generator whose answer is in none of the files fails, and says what is missing.

Exit code 0: generated; 1: a set cannot be generated, or makes an Application that is not right (it is printed, too);
2: wrong usage, or a file that cannot be read.
`;

/** Input of `towline appset`. */
export interface RunAppsetInput extends CommandInput {
  /** Reads a file's text; '-' is standard input. */
  readFile: (path: string) => Promise<string>;
}

/**
 * The body of `towline appset generate`: the Applications of all sets, in order, on `write`; a line for each set that
 * cannot be generated on `writeError`. Answers with the exit code: 0, 1 where a set cannot be generated, 2 for wrong usage
 * and unreadable input.
 */
export const runAppset = (input: RunAppsetInput): Promise<number> =>
  runCommand('appset', input, async () => {
    const options = readArgs(input.args);
    if (options === 'help') {
      input.write(APPSET_USAGE);
      return 0;
    }
    const say = (text: string): void => (input.writeError ?? input.write)(`towline appset: ${oneLine(text)}\n`);
    const folders: Folders = { ...options.folders, cwd: input.cwd };
    await checkFolders(folders);
    const { sets, broken } = readSets(options.file, await readText(options.file, input), say);
    const inputs = { ...NO_INPUTS, clusters: await clustersOf(options.clusters, input, say) };
    const { expand } = createExpanderHere();
    const given = await readGivenAnswers(options.answers, input.readFile);
    const made = await generate(sets, { inputs, expand, answer: answerFromFolders(folders, given), say });
    const isWrong = broken || made.failed;
    if (!isWrong || made.manifests.length > 0) input.write(printApplications(made.manifests, options.output));
    return isWrong ? 1 : 0;
  });

interface Options {
  file: string;
  clusters?: string;
  answers?: string;
  folders: Omit<Folders, 'cwd'>;
  output: (typeof OUTPUTS)[number];
}

const readArgs = (args: readonly string[]): Options | 'help' => {
  const { values, positionals } = readOptions(args, {
    filename: { type: 'string', short: 'f' },
    clusters: { type: 'string' },
    answers: { type: 'string' },
    repo: { type: 'string', multiple: true },
    'repo-root': { type: 'string' },
    output: { type: 'string', short: 'o' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) return 'help';
  const [command, named, unexpected] = positionals;
  if (command !== 'generate')
    throw usage(`${command ?? 'the command'} is ${command ? 'no command' : 'missing'}: generate`);
  if (unexpected !== undefined) throw usage(`unexpected argument ${unexpected}`);
  if (named !== undefined && values.filename !== undefined) throw usage(`unexpected argument ${named}`);
  const { filename: file = named, clusters, answers } = values;
  if (file === undefined) throw usage('-f FILE is missing');
  if ([file, clusters, answers].filter((one) => one === '-').length > 1) {
    throw usage('only one of -f, --clusters and --answers can be standard input');
  }
  const repositories = readRepos(values.repo);
  const other = values['repo-root'] ?? (repositories.length === 0 ? '.' : undefined);
  return {
    file,
    ...(clusters === undefined ? {} : { clusters }),
    ...(answers === undefined ? {} : { answers }),
    folders: { repositories, ...(other === undefined ? {} : { other }) },
    output: outputOf(values.output, OUTPUTS),
  };
};

type Say = (text: string) => void;

const checkFolders = async ({ cwd, repositories, other }: Folders): Promise<void> => {
  const paths = [...repositories.map(({ path }) => path), ...(other === undefined ? [] : [other])];
  for (const path of paths) await checkDirectory(resolve(cwd, path));
};

const nameOf = (file: string): string => (file === '-' ? '<stdin>' : file);

const readText = (file: string, { readFile }: RunAppsetInput): Promise<string> =>
  readFile(file).catch((error: unknown) => {
    throw unreadable(nameOf(file), error);
  });

/**
 * The file's sets, and whether some are not right: a line for each problem. Errors: AppError `application-set-invalid`
 * (rejected) where the file is no YAML, or holds no set.
 */
const readSets = (file: string, text: string, say: Say): { sets: ApplicationSet[]; broken: boolean } => {
  const name = nameOf(file);
  const { applicationSets: sets, broken, unread, problems } = readFleetFile(name, text);
  const own = problems.filter(({ code }) => code !== 'document-ignored' && code !== 'kind-unsupported');
  for (const problem of own) say(shown(problem));
  const isBroken = broken.some((key) => key.startsWith('ApplicationSet '));
  if (unread) throw rejected('application-set-invalid', `${name} is no YAML, nothing is generated`);
  if (sets.length === 0 && !isBroken) throw rejected('application-set-invalid', `${name} holds no ApplicationSet`);
  return { sets, broken: isBroken };
};

const NOT_GIVEN = { error: 'the clusters are not known here: give them with --clusters FILE' };

const clustersOf = async (
  file: string | undefined,
  input: RunAppsetInput,
  say: Say,
): Promise<GeneratorInputs['clusters']> => {
  if (file === undefined) return NOT_GIVEN;
  return readClusters(nameOf(file), await readText(file, input), (text) => say(`warning: ${text}`));
};

interface GenerateContext {
  inputs: GeneratorInputs;
  expand: SetExpander['expand'];
  answer: AnswerNeed;
  say: Say;
}

const generate = async (
  sets: readonly ApplicationSet[],
  { inputs, expand, answer, say }: GenerateContext,
): Promise<{ manifests: Record<string, unknown>[]; failed: boolean }> => {
  const manifests: Record<string, unknown>[] = [];
  let failed = false;
  for (const set of sets) {
    const expanded = await expandSet(set, inputs, { expand, answer }).then((result) => result.expanded, errorOf);
    if ('manifests' in expanded) {
      manifests.push(...expanded.manifests);
      failed = hasErrors(expanded.manifests, set, say) || failed;
    } else {
      say(`${set.origin.file}:${set.origin.line}: ApplicationSet ${applicationId(set)}: ${expanded.error}`);
      failed = true;
    }
  }
  return { manifests, failed };
};

const errorOf = (error: unknown): Expanded => {
  if (error instanceof AppError) return { error: error.message };
  throw error;
};

/** Says what is wrong with the Applications that a set makes, the same once; answers with whether something is. */
const hasErrors = (manifests: readonly Record<string, unknown>[], set: ApplicationSet, say: Say): boolean => {
  const problems = problemsOfMade(set, manifests);
  for (const problem of problems) say(shown(problem));
  return problems.some(({ severity }) => severity === 'error');
};

const shown = (problem: Problem): string =>
  `${problem.severity === 'error' ? '' : 'warning: '}${formatProblem(problem)}`;
