import type { Problem } from '../problem.ts';
import { stableDigest } from '../stable-digest.ts';
import { type Application, applicationId } from './application.ts';
import type { SeenRead } from './applicationset/generator-reads.ts';
import { compileApplication } from './compile-application.ts';
import { compileSets, type SetExpansion } from './compile-sets.ts';
import { deliveriesOf, nestingFault } from './delivered-applications.ts';
import { type Distinguishing, distinct } from './distinct-documents.ts';
import type { FleetFile } from './fleet-file.ts';
import { refusedRepositories, withFoundRepositories } from './found-repositories.ts';
import { by, type GatheredDocuments, gatherDocuments } from './gather-documents.ts';
import { withGlobalProjects } from './global-projects.ts';
import type { AppProject } from './project.ts';
import { DEFAULT_PROJECT } from './project-rules.ts';
import { COMPILER, type FleetDocument, isKnown } from './read-fleet-files.ts';
import type { RepositorySecret } from './repository-secret.ts';
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
  const before = (previous?.applications ?? []).filter(({ applicationSet }) => applicationSet !== undefined);
  const telling = { deliveries: deliveriesOf(found.applications, before), problems, shadowed: new Set<string>() };
  const sets = distinct(found.applicationSets, 'ApplicationSet', telling);
  const { expansions = new Map<string, SetExpansion>(), seen = new Map<string, SeenRead[]>() } = input;
  const made = compileSets(sets, { expansions, seen }, previous);
  problems.push(...made.problems);
  const written = withDefault(distinct(found.projects, 'AppProject', telling));
  const [settings] = distinct(found.settings, 'ConfigMap', telling);
  const { globalProjects = [] } = settings?.settings ?? {};
  const projects = withGlobalProjects(written, globalProjects);
  const definite = distinct(together(found.applications, made.applications), 'Application', telling);
  const { repositorySecrets, registered } = registerRepositories(found, definite, fleet, telling);
  const unchanged = unchangedIn(files, expansions, previous);
  const deliveries = deliveriesOf(found.applications, made.applications);
  const applications = definite.map((one) =>
    compileApplication(one, {
      fleet: registered,
      projects,
      known: unchanged.get(applicationId(one)),
      nesting: nestingFault(one, deliveries),
    }),
  );
  const content = {
    ...(settings ? { argoSettings: settings } : {}),
    ...(repositorySecrets.length > 0 ? { repositorySecrets } : {}),
    applications: applications.toSorted(by(({ id }) => id)),
    projects: projects.toSorted(by(({ name }) => name)),
    ...(globalProjects.length > 0 ? { writtenProjects: written.toSorted(by(({ name }) => name)) } : {}),
    applicationSets: sets.toSorted(by(applicationId)),
    expanded: made.expanded,
    problems: problems.toSorted((a, b) => by<Problem>(({ file }) => file)(a, b) || a.line - b.line),
    compiler: COMPILER,
    files: knownFiles(files, found, telling),
  };
  return { digest: digestOf(content), ...content };
};

/** Those that are written down, and those of sets; who writes down what a set left behind takes it over. */
const together = (written: readonly Application[], made: readonly Application[]): Application[] => {
  const byHand = new Set(written.map(applicationId));
  return [...written, ...made.filter((one) => !one.outlivesSet || !byHand.has(applicationId(one)))];
};

/** The Secrets that register repositories, and the fleet file with these. */
const registerRepositories = (
  found: GatheredDocuments,
  applications: readonly Application[],
  fleet: FleetFile,
  telling: Distinguishing,
): { repositorySecrets: RepositorySecret[]; registered: FleetFile } => {
  const repositorySecrets = distinct(found.repositorySecrets, 'Secret', telling);
  const refused = refusedRepositories(fleet, repositorySecrets);
  telling.problems.push(...refused);
  // Their files are read again by every compile, which finds the same anew.
  for (const { file } of refused) telling.shadowed.add(file);
  return { repositorySecrets, registered: withFoundRepositories(fleet, { repositorySecrets, applications }) };
};

/** The files that need not be read again: everything that they define stands in the snapshot. */
const knownFiles = (
  files: readonly FleetDocument[],
  { clean }: GatheredDocuments,
  { shadowed }: Distinguishing,
): Record<string, string> => {
  const known = new Set(clean.filter((path) => !shadowed.has(path)));
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
