import { nearest } from '../nearest-name.ts';
import type { Problem } from '../problem.ts';
import { problemAt, validateDocument } from '../validate-document.ts';
import { readYaml, type YamlDocument } from '../yaml-document.ts';
import { type Application, applicationId, type Origin } from './application.ts';
import { ApplicationSchema } from './application-schema.ts';
import type { ApplicationSet } from './applicationset/application-set.ts';
import { ApplicationSetSchema } from './applicationset/application-set-schema.ts';
import { applicationSetOf, checkApplicationSet } from './applicationset/read-application-set.ts';
import { argoSecretAdvice } from './argo-secret.ts';
import { checkApplication } from './check-application.ts';
import type { AppProject } from './project.ts';
import { AppProjectSchema } from './project-schema.ts';
import { applicationOf, CONTROL_NAMESPACE, projectOf } from './read-manifests.ts';
import { isRepositorySecret, type RepositorySecret, readRepositorySecret } from './repository-secret.ts';
import { isSettingsDocument, readSettingsDocument, type SettingsDocument } from './settings-document.ts';
import type { FleetSnapshot } from './snapshot.ts';
import { isTimeZone } from './sync-windows.ts';
import { validateProject } from './validate-project.ts';

/** One file of the fleet's source. */
export interface FleetDocument {
  path: string;
  digest: string;
  /** May be left out where `filesToRead` does not name the file. */
  text?: string;
  /** Id of the Application that delivered it into the in-cluster cluster; absent for files of the fleet's source. */
  registeredBy?: string;
}

/** What the documents of one file, or of all, define. */
export interface Documents {
  applications: Application[];
  projects: AppProject[];
  applicationSets: ApplicationSet[];
  settings: SettingsDocument[];
  repositorySecrets: RepositorySecret[];
  problems: Problem[];
  /** What is defined here, but wrongly: ids as `Kind namespace/name`. */
  broken: string[];
  /** The file as a whole could not be read, so that it may define anything. */
  unread: boolean;
}

/** Nothing, to be added to. */
export const noDocuments = (): Documents => ({
  applications: [],
  projects: [],
  applicationSets: [],
  settings: [],
  repositorySecrets: [],
  problems: [],
  broken: [],
  unread: false,
});

/** Raised whenever the same text compiles to something else, so that no older snapshot is reused. */
export const COMPILER = 9;

/** The paths of the files whose text the compiler needs: those that are new, changed, or were wrong before. */
export const filesToRead = (
  files: readonly Pick<FleetDocument, 'path' | 'digest'>[],
  previous: FleetSnapshot | undefined,
): string[] => files.filter((file) => !isKnown(file, previous)).map(({ path }) => path);

/** Whether what the file defines can be taken from the snapshot before. */
export const isKnown = (
  { path, digest }: Pick<FleetDocument, 'path' | 'digest'>,
  previous: FleetSnapshot | undefined,
): boolean => previous?.compiler === COMPILER && previous.files?.[path] === digest;

/** Reads one file's documents. Everything wrong is a problem in the answer. */
export const readFleetFile = (path: string, text: string, registeredBy?: string): Documents => {
  const { documents, problems } = readYaml(path, text);
  const found: Documents = { ...noDocuments(), problems, unread: problems.length > 0 };
  for (const document of documents) {
    if (isSettingsDocument(document.value)) readSettings(path, document, text, found);
    else if (isRepositorySecret(document.value)) readSecret(path, document, found, registeredBy);
    else readDocument(path, document, found);
  }
  if (registeredBy === undefined) return found;
  const owned = <T extends { origin?: Origin }>(items: readonly T[]): T[] =>
    items.map((one) => (one.origin ? { ...one, origin: { ...one.origin, registeredBy } } : one));
  return {
    ...found,
    applications: owned(found.applications),
    projects: owned(found.projects),
    applicationSets: owned(found.applicationSets),
  };
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textAt = (value: unknown, key: string): string | undefined => {
  const found = isRecord(value) ? value[key] : undefined;
  return typeof found === 'string' ? found : undefined;
};

const readDocument = (file: string, document: YamlDocument, found: Documents): void => {
  const kind = textAt(document.value, 'kind');
  const apiVersion = textAt(document.value, 'apiVersion');
  const say = (severity: Problem['severity'], code: string, message: string): void => {
    found.problems.push({ ...problemAt(document, file, ['kind'], { severity, code, message }), field: '' });
  };
  if (kind === undefined && apiVersion?.startsWith('argoproj.io/')) {
    found.problems.push(problemAt(document, file, ['kind'], KIND_MISSING));
  } else if (kind === undefined || apiVersion === undefined) {
    say('warning', 'document-ignored', 'this document is ignored: it is no Kubernetes object (no apiVersion or kind)');
  } else if (isMisspelt(kind, apiVersion)) {
    found.problems.push(problemAt(document, file, ['apiVersion'], misspelt(apiVersion)));
    found.broken.push(keyOf(document.value));
  } else if (!apiVersion.startsWith('argoproj.io/')) {
    const where = 'plain manifests belong in a source that an Application names';
    const why = argoSecretAdvice(document.value) ?? `it is no Argo CD kind; ${where}`;
    say('warning', 'document-ignored', `${kind} ${nameOf(document.value)} is ignored: ${why}`);
  } else if (kind === 'Application') {
    readApplication(file, document, found);
  } else if (kind === 'AppProject') {
    readProject(file, document, found);
  } else if (kind === 'ApplicationSet') {
    readApplicationSet(file, document, found);
  } else {
    say(
      'unsupported',
      'kind-unsupported',
      `${kind} ${nameOf(document.value)} is not served; Towline reads Application, ApplicationSet and AppProject`,
    );
  }
};

const KIND_MISSING = {
  severity: 'error' as const,
  code: 'field-invalid',
  message: 'is missing: Application, ApplicationSet or AppProject',
};

const OWN_KINDS = ['Application', 'ApplicationSet', 'AppProject'];

/** Other groups have kinds of these names, too (`app.k8s.io`). */
const isMisspelt = (kind: string, apiVersion: string): boolean => {
  const [group = ''] = apiVersion.split('/');
  return OWN_KINDS.includes(kind) && group !== 'argoproj.io' && nearest(group, ['argoproj.io']) !== undefined;
};

const misspelt = (apiVersion: string) => ({
  severity: 'error' as const,
  code: 'field-invalid',
  message: `must be "argoproj.io/v1alpha1", not "${apiVersion}"`,
});

const nameOf = (value: unknown): string =>
  (isRecord(value) ? textAt(value['metadata'], 'name') : undefined) ?? 'without a name';

/** The name by which the last good version of a wrong document is found. */
const keyOf = (value: unknown): string => {
  return documentKey(textAt(value, 'kind') ?? '', namespaceOf(value), nameOf(value));
};

const namespaceOf = (value: unknown): string =>
  (isRecord(value) ? textAt(value['metadata'], 'namespace') : undefined) ?? CONTROL_NAMESPACE;

/** `Application argocd/web`. */
export const documentKey = (kind: string, namespace: string, name: string): string =>
  `${kind} ${applicationId({ namespace, name })}`;

const readApplication = (file: string, document: YamlDocument, found: Documents): void => {
  const { output, problems } = validateDocument(ApplicationSchema, document, file);
  const findings = output ? checkApplication(output) : [];
  const all = [...problems, ...findings.map(({ path, ...what }) => problemAt(document, file, path, what))];
  found.problems.push(...all);
  if (!output || all.some(({ severity }) => severity === 'error')) found.broken.push(keyOf(document.value));
  else found.applications.push(applicationOf(output, { file, line: document.lineOf([]) }));
};

const readApplicationSet = (file: string, document: YamlDocument, found: Documents): void => {
  const { output, problems } = validateDocument(ApplicationSetSchema, document, file);
  const findings = output ? checkApplicationSet(output) : [];
  const all = [...problems, ...findings.map(({ path, ...what }) => problemAt(document, file, path, what))];
  found.problems.push(...all);
  if (!output || all.some(({ severity }) => severity === 'error')) found.broken.push(keyOf(document.value));
  else found.applicationSets.push(applicationSetOf(output, { file, line: document.lineOf([]) }));
};

const readSettings = (file: string, document: YamlDocument, text: string, found: Documents): void => {
  const { settings, problems } = readSettingsDocument(document, file, text);
  found.problems.push(...problems);
  if (settings) found.settings.push(settings);
  else found.broken.push(keyOf(document.value));
};

/** Only the fleet's own files say what Towline reads with which credentials: what applications deliver does not. */
const readSecret = (file: string, document: YamlDocument, found: Documents, registeredBy: string | undefined): void => {
  if (registeredBy !== undefined) return;
  const { secret, problems } = readRepositorySecret(document, file);
  found.problems.push(...problems);
  if (secret) found.repositorySecrets.push(secret);
  else found.broken.push(documentKey('Secret', namespaceOf(document.value), nameOf(document.value)));
};

/** They are UTC, as in Argo CD, which is hardly what was meant. */
const unknownZones = (document: YamlDocument, file: string, { syncWindows }: AppProject): Problem[] =>
  syncWindows.flatMap(({ timeZone }, index) => {
    if (isTimeZone(timeZone)) return [];
    const message = `"${timeZone}" is no time zone, and counts as UTC: write it as Europe/Amsterdam`;
    const path = ['spec', 'syncWindows', index, 'timeZone'];
    return [problemAt(document, file, path, { severity: 'warning', code: 'time-zone-unknown', message })];
  });

const readProject = (file: string, document: YamlDocument, found: Documents): void => {
  const { output, problems } = validateDocument(AppProjectSchema, document, file);
  found.problems.push(...problems);
  if (!output) return void found.broken.push(keyOf(document.value));
  const project = projectOf(output, { file, line: document.lineOf([]) });
  found.problems.push(...unknownZones(document, file, project));
  const fault = validateProject(project);
  if (fault === undefined) return void found.projects.push(project);
  found.broken.push(keyOf(document.value));
  found.problems.push(
    problemAt(document, file, ['spec', ...fault.path], {
      severity: 'error',
      code: 'project-invalid',
      message: fault.message,
    }),
  );
};
