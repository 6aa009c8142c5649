import { isGlob } from './glob.ts';
import type { AppProject, SyncWindow } from './project.ts';
import { rolesError } from './project-roles.ts';
import { windowError } from './sync-windows.ts';

/**
 * What is wrong with a project as a whole, beyond the types of its fields; undefined: nothing. These are Argo CD's rules,
 * with its wording where its users know it. Source: Argo CD v3.5, AppProject.
 */
export const validateProject = (project: AppProject): string | undefined =>
  destinationsError(project) ??
  duplicate(project.sourceNamespaces, (one) => `source namespace '${one}' already added`) ??
  sourcesError(project) ??
  rolesError(project) ??
  windowsError(project.syncWindows) ??
  serviceAccountsError(project);

/** The sentence for the first item whose key came before. */
const duplicate = (keys: readonly string[], say: (key: string) => string): string | undefined => {
  const key = keys.find((one, index) => keys.indexOf(one) !== index);
  return key === undefined ? undefined : say(key);
};

const invalid = (field: string, value: string): string => `${field} has an invalid format, '${value}'`;

const destinationsError = ({ destinations }: AppProject): string | undefined => {
  for (const item of destinations) {
    for (const field of ['server', 'namespace', 'name'] as const) if (item[field] === '!*') return invalid(field, '!*');
  }
  const keys = destinations.map(({ server, name, namespace }) => `${server || name || ''}/${namespace ?? ''}`);
  return duplicate(keys, (key) => `destination '${key}' already added`);
};

const sourcesError = ({ sourceRepos }: AppProject): string | undefined =>
  sourceRepos.includes('!*')
    ? invalid('source repository', '!*')
    : duplicate(sourceRepos, (one) => `source repository '${one}' already added`);

/** What tells one window from another: everything but its switches and its description. */
export const windowIdentity = ({
  kind,
  schedule,
  duration,
  timeZone,
  applications,
  namespaces,
  clusters,
}: SyncWindow): string =>
  JSON.stringify([kind, schedule, duration, timeZone ?? '', applications ?? [], namespaces ?? [], clusters ?? []]);

const windowsError = (windows: readonly SyncWindow[]): string | undefined => {
  for (const [index, window] of windows.entries()) {
    const { kind, schedule, duration } = window;
    const what = `window '${kind}':'${schedule}':'${duration}'`;
    const first = windows.findIndex((one) => windowIdentity(one) === windowIdentity(window));
    if (first !== index) return `${what} already exists`;
    const error = windowError(window);
    if (error) return `${what}: ${error}`;
    const isFor = [window.applications, window.namespaces, window.clusters].some((list) => list?.length);
    if (!isFor) return `${what} requires one of application, cluster or namespace`;
  }
  return undefined;
};

const serviceAccountsError = ({ destinationServiceAccounts = [] }: AppProject): string | undefined => {
  for (const { server = '', namespace = '', defaultServiceAccount = '' } of destinationServiceAccounts) {
    if (server.includes('!') || !isGlob(server)) return invalid('server', server);
    if (namespace.includes('!') || !isGlob(namespace)) return invalid('namespace', namespace);
    if (defaultServiceAccount.trim() === '' || /[!*[\]{}\\/]/.test(defaultServiceAccount)) {
      return invalid('defaultServiceAccount', defaultServiceAccount);
    }
  }
  const keys = destinationServiceAccounts.map(({ server, namespace }) => `${server ?? ''}/${namespace ?? ''}`);
  return duplicate(keys, (key) => `destinationServiceAccount '${key}' already added`);
};
