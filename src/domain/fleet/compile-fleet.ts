import type { Problem } from '../problem.ts';
import { stableDigest } from '../stable-digest.ts';
import { applicationId, type Origin } from './application.ts';
import type { SeenRead } from './applicationset/generator-reads.ts';
import { compileApplication } from './compile-application.ts';
import { compileSets, type SetExpansion } from './compile-sets.ts';
import type { FleetFile } from './fleet-file.ts';
import { by, type GatheredDocuments, gatherDocuments } from './gather-documents.ts';
import type { AppProject } from './project.ts';
import { DEFAULT_PROJECT } from './project-rules.ts';
import { COMPILER, type FleetDocument, isKnown } from './read-fleet-files.ts';
import type { CompiledApplication, FleetSnapshot } from './snapshot.ts';

export interface CompileInput {
  files: readonly FleetDocument[];
  fleet: FleetFile;
  previous?: FleetSnapshot;
  /** The files' documents, where they have been gathered already (for the sets in them). */
  documents?: GatheredDocuments;
  /** What the ApplicationSets among them came to, by id (`namespace/name`). */
  expansions?: ReadonlyMap<string, SetExpansion>;
  /** What they were expanded from, by id: then the next compile can tell whether they would come to the same. */
  seen?: ReadonlyMap<string, SeenRead[]>;
}

/**
 * Compiles the fleet's documents (Argo CD's Applications, ApplicationSets and AppProjects) into a snapshot: pure,
 * deterministic. Wrong documents are problems with file and line, and the last good version of what they define stays
 * (`previous`). Kinds that are not served are problems of severity `unsupported`, never silently dropped. Files that are as
 * they were in `previous` are not read again, and need no text (`filesToRead`).
 */
export const compileFleet = (input: CompileInput): FleetSnapshot => {
  const { files, fleet, previous } = input;
  const found = input.documents ?? gatherDocuments(files, previous);
  const problems = [...found.problems];
  const sets = distinct(found.applicationSets, 'ApplicationSet', problems);
  const { expansions = new Map<string, SetExpansion>(), seen = new Map<string, SeenRead[]>() } = input;
  const made = compileSets(sets, { expansions, seen }, previous);
  problems.push(...made.problems);
  const projects = withDefault(distinct(found.projects, 'AppProject', problems));
  const definite = distinct([...found.applications, ...made.applications], 'Application', problems);
  const unchanged = unchangedIn(files, expansions, previous);
  const applications = definite.map((one) =>
    compileApplication(one, { fleet, projects, known: unchanged.get(applicationId(one)) }),
  );
  const [settings] = distinct(found.settings, 'ConfigMap', problems);
  const content = {
    ...(settings ? { argoSettings: settings } : {}),
    applications: applications.toSorted(by(({ id }) => id)),
    projects: projects.toSorted(by(({ name }) => name)),
    applicationSets: sets.toSorted(by(applicationId)),
    expanded: made.expanded,
    problems: problems.toSorted((a, b) => by<Problem>(({ file }) => file)(a, b) || a.line - b.line),
    compiler: COMPILER,
    files: knownFiles(files, found, problems),
  };
  return { digest: digestOf(content), ...content };
};

/** The files that need not be read again: everything that they define stands in the snapshot. */
const knownFiles = (
  files: readonly FleetDocument[],
  { clean }: GatheredDocuments,
  problems: readonly Problem[],
): Record<string, string> => {
  const dropped = new Set(problems.flatMap(({ file, code }) => (code === DUPLICATE ? [file] : [])));
  const known = new Set(clean.filter((path) => !dropped.has(path)));
  const kept = files.filter(({ path }) => known.has(path)).toSorted(by(({ path }) => path));
  return Object.fromEntries(kept.map(({ path, digest }) => [path, digest]));
};

/** The applications that are written in files, or made by sets, which are as they were. */
const unchangedIn = (
  files: readonly FleetDocument[],
  expansions: ReadonlyMap<string, SetExpansion>,
  previous: FleetSnapshot | undefined,
): Map<string, CompiledApplication> => {
  const known = new Set(files.flatMap((file) => (isKnown(file, previous) ? [file.path] : [])));
  const sets = new Set([...expansions].flatMap(([id, expansion]) => ('unchanged' in expansion ? [id] : [])));
  const kept = (previous?.applications ?? []).filter(({ origin, applicationSet }) =>
    applicationSet === undefined ? known.has(origin.file) : sets.has(applicationSet),
  );
  return new Map(kept.map((one) => [one.id, one]));
};

/** Applications count by their own digests and places, so that a large fleet's digest costs little. */
const digestOf = (content: Omit<FleetSnapshot, 'digest'>): string =>
  stableDigest({
    ...content,
    applications: content.applications.map(({ id, specDigest, origin }) => [id, specDigest, origin.file, origin.line]),
  });

const withDefault = (projects: readonly AppProject[]): AppProject[] =>
  projects.some(({ name }) => name === DEFAULT_PROJECT.name) ? [...projects] : [DEFAULT_PROJECT, ...projects];

const DUPLICATE = 'document-duplicate';

/**
 * Two documents of one name: the first (by path and line) stands, the second is a problem that names both places. What an
 * application delivers comes before the same in a file: one owner, the parent, and a warning.
 */
const distinct = <T extends { namespace: string; name: string; origin?: Origin }>(
  items: readonly T[],
  kind: 'Application' | 'ApplicationSet' | 'AppProject' | 'ConfigMap',
  problems: Problem[],
): T[] => {
  const known = new Map<string, T>();
  for (const item of items) {
    const id = kind === 'AppProject' || kind === 'ConfigMap' ? item.name : applicationId(item);
    const first = known.get(id);
    if (!first) known.set(id, item);
    else problems.push(duplicateProblem(`${kind} ${id}`, item.origin, first.origin));
  }
  return [...known.values()];
};

const placeText = (origin: Origin | undefined): string => {
  if (!origin) return 'built in';
  return origin.registeredBy ? `delivered by Application ${origin.registeredBy}` : `at ${origin.file}:${origin.line}`;
};

const duplicateProblem = (what: string, here: Origin | undefined, first: Origin | undefined): Problem => ({
  severity: first?.registeredBy && !here?.registeredBy ? 'warning' : 'error',
  code: DUPLICATE,
  file: here?.file ?? '',
  line: here?.line ?? 1,
  field: 'metadata.name',
  message: `${what} is also ${first?.registeredBy ? '' : 'defined '}${placeText(first)}, and that one counts: remove one of them`,
});
