import type { Problem } from '../problem.ts';
import { stableDigest } from '../stable-digest.ts';
import { type Application, applicationId, type Origin } from './application.ts';
import { compileApplication } from './compile-application.ts';
import type { FleetFile } from './fleet-file.ts';
import type { AppProject } from './project.ts';
import { DEFAULT_PROJECT } from './project-rules.ts';
import {
  COMPILER,
  type Documents,
  documentKey,
  type FleetDocument,
  isKnown,
  readFleetFile,
} from './read-fleet-files.ts';
import type { CompiledApplication, FleetSnapshot } from './snapshot.ts';

/**
 * Compiles the fleet's documents (Argo CD's Applications and AppProjects) into a snapshot: pure, deterministic. Wrong
 * documents are problems with file and line, and the last good version of what they define stays (`previous`). Kinds that
 * are not served are problems of severity `unsupported`, never silently dropped. Files that are as they were in `previous`
 * are not read again, and need no text (`filesToRead`).
 */
export const compileFleet = (input: {
  files: readonly FleetDocument[];
  fleet: FleetFile;
  previous?: FleetSnapshot;
}): FleetSnapshot => {
  const { files, fleet, previous } = input;
  const read = readFiles(files, previous);
  const found = merge([...read.values()]);
  keepLastGood(found, read, previous);
  const problems = [...found.problems];
  const projects = withDefault(distinct(found.projects, { kind: 'AppProject', idOf: ({ name }) => name }, problems));
  const definite = distinct(found.applications, { kind: 'Application', idOf: applicationId }, problems);
  const unchanged = unchangedIn(files, previous);
  const applications = definite.map((one) =>
    compileApplication(one, { fleet, projects, known: unchanged.get(applicationId(one)) }),
  );
  const clean = files.filter(({ path }) => isClean(path, read.get(path), problems));
  const content = {
    applications: applications.toSorted(by(({ id }) => id)),
    projects: projects.toSorted(by(({ name }) => name)),
    problems: problems.toSorted((a, b) => by<Problem>(({ file }) => file)(a, b) || a.line - b.line),
    compiler: COMPILER,
    files: Object.fromEntries(clean.map(({ path, digest }) => [path, digest])),
  };
  return { digest: digestOf(content), ...content };
};

/** The applications that stand in files which are as they were. */
const unchangedIn = (
  files: readonly FleetDocument[],
  previous: FleetSnapshot | undefined,
): Map<string, CompiledApplication> => {
  const known = new Set(files.flatMap((file) => (isKnown(file, previous) ? [file.path] : [])));
  const kept = (previous?.applications ?? []).filter(({ origin }) => known.has(origin.file));
  return new Map(kept.map((one) => [one.id, one]));
};

const by =
  <T>(key: (one: T) => string) =>
  (a: T, b: T): number =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;

/** Applications count by their own digests and places, so that a large fleet's digest costs little. */
const digestOf = (content: Omit<FleetSnapshot, 'digest'>): string =>
  stableDigest({
    ...content,
    applications: content.applications.map(({ id, specDigest, origin }) => [id, specDigest, origin.file, origin.line]),
  });

const readFiles = (files: readonly FleetDocument[], previous: FleetSnapshot | undefined): Map<string, Documents> => {
  const before = previous ? byFile(previous) : new Map<string, Documents>();
  const sorted = files.toSorted(by(({ path }) => path));
  return new Map(
    sorted.map((file) => [file.path, isKnown(file, previous) ? (before.get(file.path) ?? NOTHING) : readNew(file)]),
  );
};

const NOTHING: Documents = { applications: [], projects: [], problems: [], broken: [], unread: false };

const readNew = ({ path, text }: FleetDocument): Documents => {
  if (text === undefined) throw new Error(`compileFleet needs the text of ${path}`);
  return readFleetFile(path, text);
};

/** What every file of a snapshot defined. */
const byFile = (snapshot: FleetSnapshot): Map<string, Documents> => {
  const files = new Map<string, Documents>();
  const at = (file: string): Documents => {
    const known = files.get(file) ?? { applications: [], projects: [], problems: [], broken: [], unread: false };
    files.set(file, known);
    return known;
  };
  for (const one of snapshot.applications) at(one.origin.file).applications.push(documentOf(one));
  for (const one of snapshot.projects) if (one.origin) at(one.origin.file).projects.push(one);
  for (const one of snapshot.problems) at(one.file).problems.push(one);
  return files;
};

/** The application without what compiling added. */
const documentOf = (compiled: CompiledApplication): Application => {
  const {
    id: _id,
    specDigest: _digest,
    cluster: _cluster,
    environment: _environment,
    problems: _problems,
    ...own
  } = compiled;
  return own;
};

const merge = (files: readonly Documents[]): Documents => ({
  applications: files.flatMap(({ applications }) => applications),
  projects: files.flatMap(({ projects }) => projects),
  problems: files.flatMap(({ problems }) => problems),
  broken: files.flatMap(({ broken }) => broken),
  unread: false,
});

/** What a wrong document, or a file that cannot be read, used to define stays as it was. */
const keepLastGood = (
  found: Documents,
  read: ReadonlyMap<string, Documents>,
  previous: FleetSnapshot | undefined,
): void => {
  const broken = new Set(found.broken);
  const stays = (kind: string, { namespace, name }: { namespace: string; name: string }, origin: Origin | undefined) =>
    broken.has(documentKey(kind, namespace, name)) || (origin !== undefined && read.get(origin.file)?.unread === true);
  const here = new Set(found.applications.map(applicationId));
  const projects = new Set(found.projects.map(({ name }) => name));
  for (const one of previous?.applications ?? []) {
    if (!here.has(one.id) && stays('Application', one, one.origin)) found.applications.push(documentOf(one));
  }
  for (const one of previous?.projects ?? []) {
    if (!projects.has(one.name) && stays('AppProject', one, one.origin)) found.projects.push(one);
  }
};

const withDefault = (projects: readonly AppProject[]): AppProject[] =>
  projects.some(({ name }) => name === DEFAULT_PROJECT.name) ? [...projects] : [DEFAULT_PROJECT, ...projects];

/** Two documents of one name: the first (by path and line) stands, the second is a problem that names both places. */
const distinct = <T extends { origin?: Origin }>(
  items: readonly T[],
  { kind, idOf }: { kind: string; idOf: (item: T) => string },
  problems: Problem[],
): T[] => {
  const known = new Map<string, T>();
  for (const item of items) {
    const id = idOf(item);
    const first = known.get(id);
    if (!first) known.set(id, item);
    else problems.push(duplicateProblem(`${kind} ${id}`, item.origin, first.origin));
  }
  return [...known.values()];
};

const placeText = (origin: Origin | undefined): string => (origin ? `${origin.file}:${origin.line}` : 'built in');

const duplicateProblem = (what: string, here: Origin | undefined, first: Origin | undefined): Problem => ({
  severity: 'error',
  code: 'document-duplicate',
  file: here?.file ?? '',
  line: here?.line ?? 1,
  field: 'metadata.name',
  message: `${what} is also defined at ${placeText(first)}, and that one counts: remove one of them`,
});

/** Whether everything that the file defines stands in the snapshot. */
const isClean = (path: string, documents: Documents | undefined, problems: readonly Problem[]): boolean =>
  documents !== undefined &&
  !documents.unread &&
  documents.broken.length === 0 &&
  !problems.some(({ file, code }) => file === path && code === 'document-duplicate');
