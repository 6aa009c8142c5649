import type { Problem } from '../problem.ts';
import { type Application, applicationId, type Origin } from './application.ts';
import type { AppProject } from './project.ts';
import {
  type Documents,
  documentKey,
  type FleetDocument,
  isKnown,
  noDocuments,
  readFleetFile,
} from './read-fleet-files.ts';
import type { CompiledApplication, FleetSnapshot } from './snapshot.ts';

/** What the fleet's files define, the last good version of what is wrong in them included. */
export interface GatheredDocuments extends Documents {
  /** Paths of the files in which nothing was wrong. */
  clean: string[];
}

/** Sorts by a key, by code units. */
export const by =
  <T>(key: (one: T) => string) =>
  (a: T, b: T): number =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;

/**
 * Reads the files' documents, taking those of unchanged files from the snapshot before. A document that is wrong, or
 * stands in a file that cannot be read, is replaced by its version in that snapshot. In order of path and line, those
 * that an application delivers (app of apps) before the fleet's own files. `readFile`: how a file is read, for who knows some.
 */
export const gatherDocuments = (
  files: readonly FleetDocument[],
  previous: FleetSnapshot | undefined,
  readFile: ReadDocuments = readNew,
): GatheredDocuments => {
  const before = previous ? byFile(previous) : new Map<string, Documents>();
  const sorted = files.toSorted(by(({ path, registeredBy }) => `${registeredBy === undefined ? 1 : 0} ${path}`));
  const read = new Map(
    sorted.map((file) => [
      file.path,
      isKnown(file, previous) ? (before.get(file.path) ?? noDocuments()) : readFile(file),
    ]),
  );
  const found = merge([...read.values()]);
  if (previous) keepLastGood(found, read, previous);
  const isClean = ({ unread, broken }: Documents): boolean => !unread && broken.length === 0;
  return { ...found, clean: [...read].flatMap(([path, documents]) => (isClean(documents) ? [path] : [])) };
};

/** Reads each file once, however often it is asked for. */
export const readEachOnce = (): ReadDocuments => {
  const known = new Map<string, Documents>();
  return (file) => {
    const key = `${file.path} ${file.digest}`;
    const documents = known.get(key) ?? readNew(file);
    known.set(key, documents);
    return documents;
  };
};

/** Reads what one file defines. */
export type ReadDocuments = (file: FleetDocument) => Documents;

const readNew: ReadDocuments = ({ path, text, registeredBy }) => {
  if (text === undefined) throw new Error(`compileFleet needs the text of ${path}`);
  return readFleetFile(path, text, registeredBy);
};

/** What every file of a snapshot defined. */
const byFile = (snapshot: FleetSnapshot): Map<string, Documents> => {
  const files = new Map<string, Documents>();
  const at = (file: string): Documents => {
    const known = files.get(file) ?? noDocuments();
    files.set(file, known);
    return known;
  };
  for (const one of snapshot.applications) {
    if (one.applicationSet === undefined) at(one.origin.file).applications.push(documentOf(one));
  }
  for (const one of writtenProjects(snapshot)) if (one.origin) at(one.origin.file).projects.push(one);
  for (const one of snapshot.applicationSets ?? []) at(one.origin.file).applicationSets.push(one);
  if (snapshot.argoSettings) at(snapshot.argoSettings.origin.file).settings.push(snapshot.argoSettings);
  for (const one of snapshot.repositorySecrets ?? []) at(one.origin.file).repositorySecrets.push(one);
  for (const one of snapshot.problems) if (!isOfExpansion(one)) at(one.file).problems.push(one);
  return files;
};

const writtenProjects = ({ projects, writtenProjects: written = projects }: FleetSnapshot): AppProject[] => written;

/** Problems with what a set makes are found anew by every compile; those with its document are not. */
export const EXPANSION = 'application-set-';
export const TEMPLATE_BASE = ['spec', 'template'] as const;
/** Whether a problem is with what a set makes. */
export const isOfExpansion = ({ code, field }: Pick<Problem, 'code' | 'field'>): boolean =>
  code.startsWith(EXPANSION) || field === TEMPLATE_BASE.join('.') || field.startsWith(`${TEMPLATE_BASE.join('.')}.`);

/** The application without what compiling added. */
export const documentOf = (compiled: CompiledApplication): Application => {
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
  applicationSets: files.flatMap(({ applicationSets }) => applicationSets),
  settings: files.flatMap(({ settings }) => settings),
  repositorySecrets: files.flatMap(({ repositorySecrets }) => repositorySecrets),
  problems: files.flatMap(({ problems }) => problems),
  broken: files.flatMap(({ broken }) => broken),
  unread: files.some(({ unread }) => unread),
});

const keepLastGood = (found: Documents, read: ReadonlyMap<string, Documents>, previous: FleetSnapshot): void => {
  const broken = new Set(found.broken);
  const lost = <T extends { namespace: string; name: string; origin?: Origin }>(
    kind: string,
    known: readonly T[],
    here: readonly T[],
  ): T[] => {
    const present = new Set(here.map(applicationId));
    return known.filter((one) => {
      const isLost = broken.has(documentKey(kind, one.namespace, one.name)) || isUnread(one.origin);
      return isLost && !present.has(applicationId(one));
    });
  };
  const isUnread = (origin: Origin | undefined): boolean =>
    origin !== undefined && read.get(origin.file)?.unread === true;
  const written = previous.applications.filter(({ applicationSet }) => applicationSet === undefined).map(documentOf);
  found.applications.push(...lost('Application', written, found.applications));
  found.projects.push(...lost('AppProject', writtenProjects(previous), found.projects));
  found.applicationSets.push(...lost('ApplicationSet', previous.applicationSets ?? [], found.applicationSets));
  found.repositorySecrets.push(...lost('Secret', previous.repositorySecrets ?? [], found.repositorySecrets));
  const settings = previous.argoSettings ? [previous.argoSettings] : [];
  found.settings.push(...lost('ConfigMap', settings, found.settings));
};
