import { createDeleteJqPaths } from '../adapters/jq/delete-jq-paths.ts';
import type { ApplicationSet } from '../domain/fleet/applicationset/application-set.ts';
import { jqFault, jqFaults } from '../domain/fleet/applicationset/kept-by-jq.ts';
import { checkSecret } from '../domain/fleet/check-secret.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import { parseFleetFile } from '../domain/fleet/parse-fleet-file.ts';
import type { Documents } from '../domain/fleet/read-fleet-files.ts';
import { listAt, textAt } from '../domain/health/fields.ts';
import { nearest } from '../domain/nearest-name.ts';
import { formatProblem, type Problem } from '../domain/problem.ts';
import { problemAt } from '../domain/validate-document.ts';
import { readYaml } from '../domain/yaml-document.ts';
import { type CommandInput, oneLine, readOptions, readRepos, runCommand, usage } from './command-line.ts';
import { type FleetText, isFleetFile } from './fleet-files.ts';
import { type LintedFleet, lintFleet } from './lint-fleet.ts';

/** What `towline lint --help` prints. */
export const LINT_USAGE = `Usage: towline lint DIR [--repo URL=DIR]

Checks every Application, ApplicationSet, AppProject, fleet file, Argo CD Secret (clusters, repositories) and argocd-cm
below DIR, committed or not, and prints one line a problem (file:line: field: message) and a count. Other documents are
passed over, as are templates of charts and files that a kustomization patches with. Where DIR holds a fleet file, the
Applications below its source path, and those that its ApplicationSets make, are held against its clusters, the AppProjects
and each other as well.

What Applications deliver to the control plane (app of apps) is rendered and checked, too, as deep as it goes: the file and
line are those of the template or manifest, and the message names who delivers it. The working tree stands for the
repositories of the checkout's remotes, at whatever revision; where no Application names one of these, for every repository.

      --repo URL=DIR    the working tree that stands for another repository. May be repeated

Nothing is fetched: what is delivered out of other repositories and of charts of registries is not looked at.

Exit code 0: nothing wrong (warnings may be printed); 1: at least one error, or something that Towline does not serve;
2: wrong usage, or a folder that cannot be read.
`;

/**
 * The body of `towline lint`: problems and their count on `write`. Answers with the exit code: 0, 1 where there is an error,
 * 2 for wrong usage and an unreadable folder.
 */
export const runLint = (input: CommandInput): Promise<number> =>
  runCommand('lint', input, async () => {
    const { values, positionals } = readOptions(input.args, {
      repo: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    });
    if (values.help) {
      input.write(LINT_USAGE);
      return 0;
    }
    const [directory, another] = positionals;
    if (directory === undefined) throw usage('DIR is missing');
    if (another !== undefined) throw usage(`unexpected argument ${another}`);
    const linted = await lintFleet(input, { directory, repositories: readRepos(values.repo) });
    for (const note of linted.notes) (input.writeError ?? input.write)(`towline lint: ${oneLine(note)}\n`);
    const { problems, documents } = await check(linted);
    for (const problem of problems) input.write(`${lineOf(problem)}\n`);
    input.write(`${countText(problems, documents, linted)}\n`);
    return problems.some(isWrong) ? 1 : 0;
  });

interface Checked {
  problems: Problem[];
  documents: number;
}

/** Every problem once, by file and line. */
const check = async ({ texts, readFile, fleet, consumed, problems: found, nameOf }: LintedFleet): Promise<Checked> => {
  const checked = texts.map(async (one) => {
    if (isFleetFile(one)) return checkFleetFile(one);
    // What Kustomize makes of it counts.
    return consumed.has(one.path) ? { problems: [], documents: 0 } : checkDocuments(one, readFile(one), fleet);
  });
  const files = await Promise.all(checked);
  const own = files.flatMap((file) => file.problems);
  const places = new Set(own.map(placeOf));
  const broken = new Set(own.flatMap((problem) => (isWrong(problem) ? [problem.file] : [])));
  // The same of a document that is delivered, and stands in a file of its own; of a set, what follows from it.
  const isNew = (problem: Problem): boolean =>
    problem.code.startsWith('application-set-') ? !broken.has(problem.file) : !places.has(placeOf(problem));
  const others = found.filter((problem) => problem.code === 'document-duplicate' || isNew(problem));
  const problems = [...own, ...others].map((problem) => ({ ...problem, file: nameOf(problem.file) }));
  const distinct = new Map(problems.map((problem) => [`${problem.severity} ${formatProblem(problem)}`, problem]));
  return {
    problems: [...distinct.values()].toSorted((a, b) =>
      a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1,
    ),
    documents: files.reduce((sum, file) => sum + file.documents, 0),
  };
};

const placeOf = ({ file, line, field, code }: Problem): string => `${file}:${line}:${field}:${code}`;

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

const checkDocuments = async (
  { path, text }: FleetText,
  { applications, applicationSets, projects, settings, broken, problems }: Documents,
  fleet: FleetFile | undefined,
): Promise<Checked> => {
  const secrets = checkSecrets(path, text);
  const doubtful = applications.some(({ destination: { name, server } }) => Boolean(name) === Boolean(server));
  const isClear = applications.length === 0 || (!doubtful && broken.length === 0);
  const destinations = fleet || isClear ? [] : checkDestinations(path, text);
  const kinds = problems.some(({ code }) => code === 'kind-unsupported') ? kindsOf(path, text) : new Map();
  return {
    problems: [
      ...problems.filter((problem) => !isOther(problem, kinds)),
      ...(await checkExpressions(applicationSets)),
      ...(await checkIgnored(path, text)),
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

/** The same of what Applications ignore. */
const checkIgnored = async (path: string, text: string): Promise<Problem[]> => {
  if (!text.includes('jqPathExpressions')) return [];
  const deleteJqPaths = createDeleteJqPaths();
  const found: Problem[] = [];
  for (const document of readYaml(path, text).documents) {
    for (const { place, expression } of ignoredByJq(document.value)) {
      const fault = await jqFault(expression, deleteJqPaths);
      if (fault === undefined) continue;
      found.push(problemAt(document, path, place, { severity: 'error', code: 'jq-invalid', message: fault }));
    }
  }
  return found;
};

const ignoredByJq = (value: unknown): { place: (string | number)[]; expression: string }[] => {
  if (textAt(value, 'kind') !== 'Application') return [];
  return listAt(value, 'spec.ignoreDifferences').flatMap((rule, index) =>
    listAt(rule, 'jqPathExpressions').flatMap((expression, at) => {
      const place = ['spec', 'ignoreDifferences', index, 'jqPathExpressions', at];
      return typeof expression === 'string' ? [{ place, expression }] : [];
    }),
  );
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

const isWrong = ({ severity }: Problem): boolean => severity !== 'warning';

const lineOf = (problem: Problem): string => {
  const note = problem.severity === 'error' ? '' : ` (${problem.severity})`;
  return `${formatProblem(problem)}${note}`;
};

const countOf = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

const countText = (problems: readonly Problem[], documents: number, { texts, delivered }: LintedFleet): string => {
  const errors = problems.filter(isWrong).length;
  const found = `${countOf(errors, 'error')}, ${countOf(problems.length - errors, 'warning')}`;
  const more = delivered === 0 ? '' : ` and ${delivered} that Applications deliver`;
  return `${found} in ${countOf(documents, 'document')} of ${countOf(texts.length, 'file')}${more}`;
};
