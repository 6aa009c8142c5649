import type { Path } from '../yaml-document.ts';
import { isGlob } from './glob.ts';
import type { AppProject, SyncWindow } from './project.ts';
import { rolesError } from './project-roles.ts';
import { windowError } from './sync-windows.ts';

/** What is wrong with a project, and with which field of its `spec`. */
export interface ProjectFault {
  path: Path;
  message: string;
}

/**
 * What is wrong with a project as a whole, beyond the types of its fields; undefined: nothing. These are Argo CD's rules,
 * with its wording where its users know it. Source: Argo CD v3.5, AppProject.
 */
export const validateProject = (project: AppProject): ProjectFault | undefined =>
  destinationsFault(project) ??
  duplicate('sourceNamespaces', project.sourceNamespaces, (one) => `source namespace '${one}' already added`) ??
  sourcesFault(project) ??
  rolesFault(project) ??
  windowsFault(project.syncWindows) ??
  serviceAccountsFault(project);

/** The fault of the first item whose key came before. */
const duplicate = (field: string, keys: readonly string[], say: (key: string) => string): ProjectFault | undefined => {
  const index = keys.findIndex((one, at) => keys.indexOf(one) !== at);
  return index < 0 ? undefined : { path: [field, index], message: say(keys[index] ?? '') };
};

const invalid = (path: Path, field: string, value: string): ProjectFault => ({
  path,
  message: `${field} has an invalid format, '${value}'`,
});

const destinationsFault = ({ destinations }: AppProject): ProjectFault | undefined => {
  for (const [index, item] of destinations.entries()) {
    const field = (['server', 'namespace', 'name'] as const).find((one) => item[one] === '!*');
    if (field) return invalid(['destinations', index, field], field, '!*');
  }
  const keys = destinations.map(({ server, name, namespace }) => `${server || name || ''}/${namespace ?? ''}`);
  return duplicate('destinations', keys, (key) => `destination '${key}' already added`);
};

const sourcesFault = ({ sourceRepos }: AppProject): ProjectFault | undefined => {
  const index = sourceRepos.indexOf('!*');
  if (index >= 0) return invalid(['sourceRepos', index], 'source repository', '!*');
  return duplicate('sourceRepos', sourceRepos, (one) => `source repository '${one}' already added`);
};

const rolesFault = (project: AppProject): ProjectFault | undefined => {
  for (const index of project.roles.keys()) {
    const message = rolesError({ ...project, roles: project.roles.slice(0, index + 1) });
    if (message) return { path: ['roles', index], message };
  }
  return undefined;
};

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

const windowsFault = (windows: readonly SyncWindow[]): ProjectFault | undefined => {
  for (const [index, window] of windows.entries()) {
    const message = windowFault(window, windows.slice(0, index));
    if (message) return { path: ['syncWindows', index], message };
  }
  return undefined;
};

const windowFault = (window: SyncWindow, before: readonly SyncWindow[]): string | undefined => {
  const { kind, schedule, duration } = window;
  const what = `window '${kind}':'${schedule}':'${duration}'`;
  if (before.some((one) => windowIdentity(one) === windowIdentity(window))) return `${what} already exists`;
  const error = windowError(window);
  if (error) return `${what}: ${error}`;
  const isFor = [window.applications, window.namespaces, window.clusters].some((list) => list?.length);
  return isFor ? undefined : `${what} requires one of application, cluster or namespace`;
};

const serviceAccountsFault = ({ destinationServiceAccounts = [] }: AppProject): ProjectFault | undefined => {
  for (const [index, account] of destinationServiceAccounts.entries()) {
    const { server = '', namespace = '', defaultServiceAccount = '' } = account;
    const at = (field: string, value: string) => invalid(['destinationServiceAccounts', index, field], field, value);
    if (server.includes('!') || !isGlob(server)) return at('server', server);
    if (namespace.includes('!') || !isGlob(namespace)) return at('namespace', namespace);
    if (defaultServiceAccount.trim() === '' || /[!*[\]{}\\/]/.test(defaultServiceAccount)) {
      return at('defaultServiceAccount', defaultServiceAccount);
    }
  }
  const keys = destinationServiceAccounts.map(({ server, namespace }) => `${server ?? ''}/${namespace ?? ''}`);
  return duplicate('destinationServiceAccounts', keys, (key) => `destinationServiceAccount '${key}' already added`);
};
