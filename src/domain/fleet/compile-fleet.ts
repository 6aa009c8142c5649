import { createHash } from 'node:crypto';
import type { Problem } from '../problem.ts';
import { validateDocument } from '../validate-document.ts';
import { readYaml, type YamlDocument } from '../yaml-document.ts';
import { type Application, applicationId } from './application.ts';
import type { ClusterConfig, FleetFile } from './fleet-file.ts';
import { readApplication, readProject } from './read-manifests.ts';
import { ApplicationSchema, AppProjectSchema } from './manifest-schemas.ts';
import { checkDestination, checkSources, DEFAULT_PROJECT } from './project-rules.ts';
import type { AppProject } from './project.ts';
import { findCluster } from './find-cluster.ts';
import type { CompiledApplication, FleetSnapshot } from './snapshot.ts';

export interface FleetDocument {
  path: string;
  text: string;
  digest: string;
}

interface Found {
  applications: Application[];
  projects: AppProject[];
  problems: Problem[];
  /** Documents that are there but wrong: their last good version stays live. */
  broken: { files: Set<string>; ids: Set<string> };
  warnings: Map<string, Problem[]>;
}

/**
 * Compiles the fleet's documents (Argo CD's Applications and AppProjects) into a snapshot: pure, deterministic. Wrong
 * documents are problems with file and line, and the last good version of what they define stays (`previous`). Kinds
 * that are not supported yet are problems too, never silently dropped.
 */
export const compileFleet = (input: {
  files: readonly FleetDocument[];
  fleet: FleetFile;
  previous?: FleetSnapshot;
}): FleetSnapshot => {
  const found: Found = {
    applications: [],
    projects: [],
    problems: [],
    broken: { files: new Set(), ids: new Set() },
    warnings: new Map(),
  };
  for (const file of input.files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) readFile(file, found);
  keepLastGood(found, input.previous);
  const projects = withDefault(found.projects);
  const applications = distinct(found.applications, found.problems).map((application) =>
    compileApplication(application, { fleet: input.fleet, projects, warnings: found.warnings }),
  );
  const content = { applications: applications.toSorted(byId), projects, problems: found.problems };
  return { digest: digestOf(content), ...content };
};

const byId = (a: CompiledApplication, b: CompiledApplication): number => (a.id < b.id ? -1 : 1);

const readFile = ({ path, text }: FleetDocument, found: Found): void => {
  const { documents, problems } = readYaml(path, text);
  found.problems.push(...problems);
  if (problems.length > 0) found.broken.files.add(path);
  for (const document of documents) readDocument(path, document, found);
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const readDocument = (file: string, document: YamlDocument, found: Found): void => {
  const { value } = document;
  const kind = isRecord(value) && typeof value.kind === 'string' ? value.kind : undefined;
  const apiVersion = isRecord(value) && typeof value.apiVersion === 'string' ? value.apiVersion : undefined;
  if (kind === undefined || apiVersion === undefined) {
    found.problems.push(problemAt(file, document, 'document-unknown', 'is no Kubernetes object: it has no kind or apiVersion'));
  } else if (!apiVersion.startsWith('argoproj.io/')) {
    const message = `${kind} is no Argo CD kind; plain manifests belong in a source that an Application names`;
    found.problems.push({ ...problemAt(file, document, 'document-ignored', message), severity: 'warning' });
  } else if (kind === 'Application') {
    readInto(file, document, found, ApplicationSchema, (manifest, origin) => {
      found.applications.push(readApplication(manifest, origin));
    });
  } else if (kind === 'AppProject') {
    readInto(file, document, found, AppProjectSchema, (manifest) => found.projects.push(readProject(manifest)));
  } else {
    found.problems.push(problemAt(file, document, 'kind-unsupported', `${kind} is not supported yet; supported: Application, AppProject`));
  }
};

const readInto = <S extends typeof ApplicationSchema | typeof AppProjectSchema>(
  file: string,
  document: YamlDocument,
  found: Found,
  schema: S,
  take: (manifest: NonNullable<ReturnType<typeof validateDocument<S>>['output']>, origin: { file: string; line: number }) => void,
): void => {
  const { output, problems } = validateDocument(schema, document, file);
  found.problems.push(...problems);
  if (output) return take(output, { file, line: document.lineOf([]) });
  const { value } = document;
  if (isRecord(value) && isRecord(value.metadata)) {
    found.broken.ids.add(`${String(value.metadata.namespace ?? 'argocd')}/${String(value.metadata.name)}`);
  }
};

const problemAt = (file: string, document: YamlDocument, code: string, message: string): Problem => ({
  severity: 'error',
  code,
  file,
  line: document.lineOf(['kind']),
  field: '',
  message,
});

/** What a broken document or file used to define stays as it was. */
const keepLastGood = (found: Found, previous: FleetSnapshot | undefined): void => {
  const here = new Set(found.applications.map(applicationId));
  for (const known of previous?.applications ?? []) {
    const isBroken = found.broken.ids.has(known.id) || found.broken.files.has(known.origin.file);
    if (!isBroken || here.has(known.id)) continue;
    const { id: _id, specDigest: _digest, cluster: _cluster, environment: _environment, problems: _problems, ...application } = known;
    found.applications.push(application);
  }
  if (found.broken.files.size === 0 && found.broken.ids.size === 0) return;
  const projects = new Set(found.projects.map(({ name }) => name));
  for (const known of previous?.projects ?? []) if (!projects.has(known.name)) found.projects.push(known);
};

const withDefault = (projects: readonly AppProject[]): AppProject[] =>
  projects.some(({ name }) => name === DEFAULT_PROJECT.name) ? [...projects] : [DEFAULT_PROJECT, ...projects];

/** Two documents of one name: the first stands, the second is a problem that names both places. */
const distinct = (applications: readonly Application[], problems: Problem[]): Application[] => {
  const known = new Map<string, Application>();
  for (const application of applications) {
    const id = applicationId(application);
    const first = known.get(id);
    if (!first) known.set(id, application);
    else {
      const message = `Application ${id} is defined already at ${first.origin.file}:${first.origin.line}; that one counts`;
      problems.push({ severity: 'error', code: 'application-duplicate', ...application.origin, field: 'metadata.name', message });
    }
  }
  return [...known.values()];
};

const compileApplication = (
  application: Application,
  { fleet, projects }: { fleet: FleetFile; projects: readonly AppProject[]; warnings: Map<string, Problem[]> },
): CompiledApplication => {
  const found = findCluster(fleet.clusters, application.destination);
  const cluster = 'cluster' in found ? found.cluster : undefined;
  const project = projects.find(({ name }) => name === application.project);
  const messages = [
    ...('message' in found ? [['cluster-unknown', 'spec.destination', found.message] as const] : []),
    ...(project ? projectProblems(project, application, cluster) : [missingProject(application, projects)]),
  ];
  const problems = messages.map(
    ([code, field, message]): Problem => ({ severity: 'error', code, ...application.origin, field, message }),
  );
  const environment = cluster?.labels[fleet.environments.clusterLabel] ?? '';
  const { origin: _origin, ...content } = application;
  const specDigest = digestOf({ ...content, cluster: cluster?.name, environment, problems: problems.map(({ message }) => message) });
  return { ...application, id: applicationId(application), specDigest, cluster: cluster?.name ?? '', environment, problems };
};

const missingProject = (application: Application, projects: readonly AppProject[]) =>
  [
    'project-unknown',
    'spec.project',
    `there is no AppProject "${application.project}"; there are: ${projects.map(({ name }) => name).join(', ')}`,
  ] as const;

const projectProblems = (project: AppProject, application: Application, cluster: ClusterConfig | undefined) => [
  ...checkSources(project, application).map((message) => ['project-source', 'spec.source.repoURL', message] as const),
  ...checkDestination(project, application, cluster).map(
    (message) => ['project-destination', 'spec.destination', message] as const,
  ),
];

const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value, sortKeys)).digest('hex');

const sortKeys = (_key: string, value: unknown): unknown =>
  isRecord(value) && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;
