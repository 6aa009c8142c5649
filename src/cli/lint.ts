import { join, resolve } from 'node:path';
import { createDeleteJqPaths } from '../adapters/jq/delete-jq-paths.ts';
import type { ApplicationSet } from '../domain/fleet/applicationset/application-set.ts';
import { jqFaults } from '../domain/fleet/applicationset/kept-by-jq.ts';
import { checkSecret } from '../domain/fleet/check-secret.ts';
import { compileFleet } from '../domain/fleet/compile-fleet.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import { parseFleetFile } from '../domain/fleet/parse-fleet-file.ts';
import { readFleetFile } from '../domain/fleet/read-fleet-files.ts';
import { textAt } from '../domain/health/fields.ts';
import { nearest } from '../domain/nearest-name.ts';
import { formatProblem, type Problem } from '../domain/problem.ts';
import { problemAt } from '../domain/validate-document.ts';
import { readYaml } from '../domain/yaml-document.ts';
import { createFolderRepository } from '../local/folder-repository.ts';
import { type CommandInput, checkDirectory, readOptions, runCommand, STATE_DIR, usage } from './command-line.ts';
import { documentsOf, type FleetText, findFleet, isFleetFile, readFleetTexts } from './fleet-files.ts';

/** What `towline lint --help` prints. */
export const LINT_USAGE = `Usage: towline lint DIR

Checks every Application, ApplicationSet, AppProject, fleet file, Argo CD Secret (clusters, repositories) and argocd-cm
below DIR, committed or not, and prints one line a problem (file:line: field: message) and a count. Other documents are
passed over, as are templates of charts and files that a kustomization patches with. Where DIR holds a fleet file, the Applications below its source path are held against its
clusters, the AppProjects and each other as well.

Exit code 0: nothing wrong (warnings may be printed); 1: at least one error, or something that Towline does not serve;
2: wrong usage, or a folder that cannot be read.
`;

/**
 * The body of `towline lint`: problems and their count on `write`. Answers with the exit code: 0, 1 where there is an error,
 * 2 for wrong usage and an unreadable folder.
 */
export const runLint = (input: CommandInput): Promise<number> =>
  runCommand('lint', input, async () => {
    const { values, positionals } = readOptions(input.args, { help: { type: 'boolean', short: 'h' } });
    if (values.help) {
      input.write(LINT_USAGE);
      return 0;
    }
    const [directory, another] = positionals;
    if (directory === undefined) throw usage('DIR is missing');
    if (another !== undefined) throw usage(`unexpected argument ${another}`);
    const texts = await readFolder(resolve(input.cwd, directory), input.cwd);
    const { problems, documents } = await check(texts);
    for (const problem of problems) input.write(`${lineOf(directory, problem)}\n`);
    input.write(`${countText(problems, documents, texts.length)}\n`);
    return problems.some(isWrong) ? 1 : 0;
  });

const readFolder = async (path: string, cwd: string): Promise<FleetText[]> => {
  await checkDirectory(path);
  const repository = createFolderRepository({ path, commit: '', ignored: path === cwd ? [STATE_DIR] : [] });
  return readFleetTexts(repository, await repository.listTree(''));
};

interface Checked {
  problems: Problem[];
  documents: number;
}

/** Every problem once, by file and line. */
const check = async (texts: readonly FleetText[]): Promise<Checked> => {
  const fleet = findFleet(texts);
  const files = await Promise.all(
    texts.map(async (one) => (isFleetFile(one) ? checkFleetFile(one) : checkDocuments(one, fleet))),
  );
  const problems = [...files.flatMap((file) => file.problems), ...checkTogether(texts, fleet)];
  const distinct = new Map(problems.map((problem) => [`${problem.severity} ${formatProblem(problem)}`, problem]));
  return {
    problems: [...distinct.values()].toSorted((a, b) =>
      a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1,
    ),
    documents: files.reduce((sum, file) => sum + file.documents, 0),
  };
};

const checkFleetFile = ({ path, text }: FleetText): Checked => {
  const parsed = parseFleetFile(text, { file: path, local: true });
  return { problems: [...parsed.warnings, ...(parsed.ok ? [] : parsed.problems)], documents: 1 };
};

const KINDS = ['Application', 'ApplicationSet', 'AppProject'];

/** What stands among documents of Argo CD and is none, or of another of Argo's projects, is nobody's mistake; a typo is. */
const isOther = ({ code, line }: Problem, kinds: ReadonlyMap<number, string>): boolean =>
  code === 'document-ignored' || (code === 'kind-unsupported' && nearest(kinds.get(line) ?? '', KINDS) === undefined);

/** The kind of every document by the line that says it. */
const kindsOf = (path: string, text: string): Map<number, string> =>
  new Map(readYaml(path, text).documents.map(({ value, lineOf: at }) => [at(['kind']), textAt(value, 'kind')]));

const checkDocuments = async ({ path, text }: FleetText, fleet: FleetFile | undefined): Promise<Checked> => {
  const { applications, applicationSets, projects, settings, broken, problems } = readFleetFile(path, text);
  const secrets = checkSecrets(path, text);
  const destinations = fleet || applications.length === 0 ? [] : checkDestinations(path, text);
  const kinds = problems.some(({ code }) => code === 'kind-unsupported') ? kindsOf(path, text) : new Map();
  return {
    problems: [
      ...problems.filter((problem) => !isOther(problem, kinds)),
      ...(await checkExpressions(applicationSets)),
      ...destinations,
      ...secrets.problems,
    ],
    documents: [applications, applicationSets, projects, settings, broken].flat().length + secrets.documents,
  };
};

/** jq expressions of sets, by jq itself: a person's own, in this process. */
const checkExpressions = async (sets: readonly ApplicationSet[]): Promise<Problem[]> => {
  const deleteJqPaths = createDeleteJqPaths();
  const faults = await Promise.all(
    sets.map(async (set) => {
      const found = await jqFaults(set, deleteJqPaths);
      return found.map((fault): Problem => ({ severity: 'error', code: 'jq-invalid', ...set.origin, ...fault }));
    }),
  );
  return faults.flat();
};

/** Without a fleet there are no clusters to hold a destination against, but it has to name one. */
const checkDestinations = (path: string, text: string): Problem[] =>
  readYaml(path, text)
    .documents.filter(({ value }) => textAt(value, 'kind') === 'Application')
    .flatMap((document) => {
      const [name, server] = ['name', 'server'].map((field) => textAt(document.value, `spec.destination.${field}`));
      if (Boolean(name) !== Boolean(server)) return [];
      const message = name
        ? 'names a cluster by name and by server: give one of them'
        : 'names no cluster: give name or server';
      const place = ['spec', 'destination'];
      return [problemAt(document, path, place, { severity: 'error', code: 'cluster-unknown', message })];
    });

/** Argo CD's own Secrets: clusters and repositories. */
const checkSecrets = (path: string, text: string): Checked => {
  if (!text.includes('argocd.argoproj.io/secret-type')) return { problems: [], documents: 0 };
  const documents = readYaml(path, text).documents.filter(({ value }) => textAt(value, 'kind') === 'Secret');
  return { problems: documents.flatMap((one) => checkSecret(one, path)), documents: documents.length };
};

/** What is wrong between documents: only a fleet says which of them belong together. */
const checkTogether = (texts: readonly FleetText[], fleet: FleetFile | undefined): Problem[] => {
  if (!fleet) return [];
  const { applications, problems } = compileFleet({ files: documentsOf(texts, fleet), fleet });
  return [
    ...problems.filter(({ code }) => code === 'document-duplicate'),
    ...applications.flatMap((application) => application.problems),
  ];
};

const isWrong = ({ severity }: Problem): boolean => severity !== 'warning';

const lineOf = (directory: string, problem: Problem): string => {
  const note = problem.severity === 'error' ? '' : ` (${problem.severity})`;
  return `${formatProblem({ ...problem, file: join(directory, problem.file) })}${note}`;
};

const countOf = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

const countText = (problems: readonly Problem[], documents: number, files: number): string => {
  const errors = problems.filter(isWrong).length;
  const found = `${countOf(errors, 'error')}, ${countOf(problems.length - errors, 'warning')}`;
  return `${found} in ${countOf(documents, 'document')} of ${countOf(files, 'file')}`;
};
