import type { Problem } from '../problem.ts';
import { repositoryPath, sameRepository } from '../repository-url.ts';
import type { Application } from './application.ts';
import type { ApplicationSet } from './applicationset/application-set.ts';
import type { ChartRepositoryConfig, FleetFile, RepositoryConfig } from './fleet-file.ts';
import { addressFault, defaultAPI, forgeOf } from './forge-address.ts';
import type { RepositorySecret } from './repository-secret.ts';

/** What of a fleet's documents bears on which repositories it reads. */
export interface RepositoryDocuments {
  repositorySecrets?: readonly RepositorySecret[];
  applications: readonly Pick<Application, 'sources' | 'project'>[];
  applicationSets?: readonly Pick<ApplicationSet, 'generators'>[];
}

/**
 * The fleet file with the repositories that Argo CD's repository and repo-creds Secrets among its documents register. An
 * entry of the file comes before a Secret. A repository that Applications or generators name is registered by the repo-creds
 * Secret with the longest URL that its own begins with, which also lends a repository Secret its credentials.
 */
export const withFoundRepositories = (file: FleetFile, documents: RepositoryDocuments): FleetFile => {
  const written = withoutFoundRepositories(file);
  const secrets = (documents.repositorySecrets ?? []).filter((one) => isAllowed(one, written));
  if (secrets.length === 0) return written;
  const templates = secrets.filter(({ isTemplate, type }) => isTemplate && type === 'git');
  const own = secrets.filter(({ isTemplate, type }) => !isTemplate && type === 'git');
  const named = own.map((one) => toRepository(one, templateFor(one.url, templates)));
  const asked = urlsOf(documents).flatMap((url) => {
    const template = templateFor(url, templates);
    return template ? [toRepository({ ...template, url })] : [];
  });
  const repositories = [...written.repositories];
  for (const one of [...named, ...asked]) {
    if (!repositories.some(({ url }) => sameRepository(url, one.url))) repositories.push(one);
  }
  const charts = [...(written.chartRepositories ?? []), ...chartsOf(secrets, written)];
  return { ...written, repositories, ...(charts.length > 0 ? { chartRepositories: charts } : {}) };
};

/** The fleet file as it is written, without what Secrets registered. */
export const withoutFoundRepositories = ({ chartRepositories, ...file }: FleetFile): FleetFile => {
  const charts = chartRepositories?.filter(({ secret }) => secret === undefined) ?? [];
  const repositories = file.repositories.filter(({ secret }) => secret === undefined);
  return { ...file, repositories, ...(charts.length > 0 ? { chartRepositories: charts } : {}) };
};

/** What works on one machine alone is allowed where the fleet has a cluster of which that is true, too. */
const isAllowed = (secret: RepositorySecret, file: FleetFile): boolean => faultOf(secret, file) === undefined;

/** What is wrong with the addresses that Secrets say: they register nothing. */
export const refusedRepositories = (file: FleetFile, secrets: readonly RepositorySecret[]): Problem[] =>
  secrets.flatMap((secret): Problem[] => {
    const message = faultOf(secret, file);
    if (message === undefined) return [];
    const field = 'stringData.url';
    return [{ severity: 'warning', code: 'repository-refused', ...secret.origin, field, message }];
  });

const faultOf = ({ url, type }: RepositorySecret, { clusters }: FleetFile): string | undefined => {
  const isLocal = clusters.some(({ access }) => access.type === 'embedded' || access.type === 'kubeconfig');
  const address =
    type === 'git' ? webAddress(url) : url.includes('://') ? url.replace(/^oci:/, 'https:') : `https://${url}`;
  return addressFault(address, isLocal);
};

/** Forges are asked over https, whatever git would use. */
const webAddress = (url: string): string => {
  if (/^(https?|file):\/\//i.test(url) || url.startsWith('/')) return url;
  const host = /^(?:ssh:\/\/)?(?:[^@/]*@)?(?:(?:alt)?ssh\.(?=[^.]+\.))?([^:/]+)/i.exec(url)?.[1];
  const path = repositoryPath(url);
  return host && path ? `https://${host}/${path}` : url;
};

const toRepository = (one: RepositorySecret, template?: RepositorySecret): RepositoryConfig => {
  const url = webAddress(one.url);
  const forge = forgeOf({ forge: one.forge ?? template?.forge, url });
  const apiURL = defaultAPI(forge, url);
  const credentials = one.credentials ?? template?.credentials;
  const webhookSecret = one.webhookSecret ?? template?.webhookSecret;
  return {
    url,
    forge,
    ...(apiURL ? { apiURL } : {}),
    ...(credentials ? { credentials } : {}),
    ...(webhookSecret ? { webhookSecret } : {}),
    secret: one.name,
    ...(one.project ? { project: one.project } : {}),
  };
};

const templateFor = (url: string, templates: readonly RepositorySecret[]): RepositorySecret | undefined =>
  templates.filter((one) => beginsWith(url, one.url)).toSorted((a, b) => b.url.length - a.url.length)[0];

/** Argo CD compares the URLs as texts; a way of writing that means the same is the same here. */
const beginsWith = (url: string, prefix: string): boolean => {
  const [whole, begin] = [webAddress(url), webAddress(prefix).replace(/\/+$/, '')].map((text) => text.toLowerCase());
  return whole === begin || (whole?.startsWith(`${begin}/`) ?? false);
};

const chartsOf = (
  secrets: readonly RepositorySecret[],
  { chartRepositories = [] }: FleetFile,
): ChartRepositoryConfig[] =>
  secrets.flatMap(({ type, url, credentials, name }) => {
    if (type === 'git' || chartRepositories.some((one) => one.url === url)) return [];
    return [{ url, type, ...(credentials ? { credentials } : {}), secret: name }];
  });

/** Repositories that Applications and Git generators name in full. */
const urlsOf = ({ applications, applicationSets = [] }: RepositoryDocuments): string[] => {
  const named = [
    ...applications.flatMap(({ sources }) => sources.flatMap(({ repoURL, chart }) => (chart ? [] : [repoURL]))),
    ...applicationSets.flatMap(({ generators }) => generators.flatMap(urlsOfGenerator)),
  ];
  return [...new Set(named)].filter((url) => !url.includes('{{')).toSorted();
};

const urlsOfGenerator = ({ git, matrix, merge }: ApplicationSet['generators'][number]): string[] => [
  ...(git ? [git.repoURL] : []),
  ...[...(matrix?.generators ?? []), ...(merge?.generators ?? [])].flatMap(urlsOfGenerator),
];
