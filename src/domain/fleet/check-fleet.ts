import { sameRepository } from '../repository-url.ts';
import { fieldText, type Path } from '../yaml-document.ts';
import type { ClusterManifest, ClusterSourceManifest, FleetManifest, RepositoryManifest } from './fleet-schema.ts';
import { addressFault, forgeOf } from './forge-address.ts';

/** One thing wrong with a fleet file that its schema cannot say. */
export interface Check {
  path: Path;
  message: string;
}

/**
 * What is wrong between the fields of a fleet file: addresses, duplicates, ways into a cluster. `local` allows what only
 * makes sense on one machine.
 */
export const checkFleet = ({ spec }: FleetManifest, local: boolean): Check[] => {
  const repositories = spec.repositories ?? [];
  const clusters = spec.clusters ?? [];
  return [
    ...checkURL(['spec', 'source', 'repoURL'], spec.source.repoURL, local),
    ...checkPath(['spec', 'source', 'path'], spec.source.path ?? ''),
    ...repositories.flatMap((one, index) => checkRepository(one, index, local)),
    ...duplicates(['spec', 'repositories'], 'url', repositories, sameRepository),
    ...repositories.flatMap((one, index) => checkDeployments(one, index, spec)),
    ...checkRegistered(spec.source.repoURL, spec.repositories),
    ...clusters.flatMap((one, index) => checkCluster(one, index, local)),
    ...duplicates(['spec', 'clusters'], 'name', clusters, (a, b) => a === b),
    ...duplicates(['spec', 'clusters'], 'server', clusters, (a, b) => a === b),
    ...checkInCluster(clusters),
    ...(spec.clustersFrom ?? []).flatMap((one, index) => checkClusterSource(one, index, clusters)),
    ...checkSomeCluster(spec),
    ...(spec.plugins ?? []).flatMap(({ baseUrl }, index) =>
      checkURL(['spec', 'plugins', index, 'baseUrl'], baseUrl, local),
    ),
    ...duplicates(['spec', 'plugins'], 'name', spec.plugins ?? [], (a, b) => a === b),
    ...(spec.slack?.apiURL ? checkURL(['spec', 'slack', 'apiURL'], spec.slack.apiURL, local) : []),
  ];
};

const checkRepository = (one: RepositoryManifest, index: number, local: boolean): Check[] => {
  const path: Path = ['spec', 'repositories', index];
  const address = one.type === 'helm' || one.type === 'git' ? one.url : one.url.replace(/^oci:\/\//, 'https://');
  const url = one.type === 'oci' && !address.includes('://') ? `https://${address}` : address;
  return [
    ...checkURL([...path, 'url'], url, local),
    ...(one.apiURL ? checkURL([...path, 'apiURL'], one.apiURL, local) : []),
  ];
};

/** Environments of clusters that are yet to be found may have any name. */
const checkDeployments = (one: RepositoryManifest, index: number, spec: FleetManifest['spec']): Check[] => {
  if (!one.deployments) return [];
  const path: Path = ['spec', 'repositories', index, 'deployments'];
  if (forgeOf(one) !== 'github') return [{ path, message: 'are GitHub’s: take them out, or say forge: github' }];
  if (one.deployments === true || spec.clustersFrom) return [];
  const label = spec.environments?.clusterLabel ?? 'environment';
  const known = [...new Set((spec.clusters ?? []).flatMap(({ labels }) => labels?.[label] ?? []))].toSorted();
  const unknown = Object.keys(one.deployments).filter((name) => !known.includes(name));
  return unknown.map((name) => ({
    path: [...path, name],
    message: `"${name}" is no environment: the clusters have ${known.join(', ') || 'none'}`,
  }));
};

const checkRegistered = (repoURL: string, repositories: readonly RepositoryManifest[] | undefined): Check[] => {
  if (!repositories || repositories.some(({ url }) => sameRepository(url, repoURL))) return [];
  const message = `"${repoURL}" is in no entry of spec.repositories: add it there, so that Towline may read it`;
  return [{ path: ['spec', 'source', 'repoURL'], message }];
};

const checkURL = (path: Path, url: string, local: boolean): Check[] => {
  const message = addressFault(url, local);
  return message === undefined ? [] : [{ path, message }];
};

const checkPath = (path: Path, value: string): Check[] =>
  value.startsWith('/') || value.split('/').includes('..')
    ? [{ path, message: `must be a path inside the repository, not "${value}"` }]
    : [];

const ACCESS = ['eks', 'kubeconfig', 'embedded'] as const;

const checkCluster = (one: ClusterManifest, index: number, local: boolean): Check[] => {
  const path: Path = ['spec', 'clusters', index];
  const given = ACCESS.filter((access) => one[access]);
  const [access] = given;
  if (given.length !== 1 || !access) {
    const has = given.length === 0 ? 'has none' : `has ${given.join(' and ')}`;
    return [{ path, message: `cluster "${one.name}" needs exactly one of ${ACCESS.join(', ')}; it ${has}` }];
  }
  if (local || one.eks) return [];
  return [{ path: [...path, access], message: 'works in local mode only; a deployed stack takes eks' }];
};

const checkInCluster = (clusters: readonly ClusterManifest[]): Check[] => {
  const marked = clusters.flatMap((one, index) => (one.inCluster ? [{ one, index }] : []));
  return marked.slice(1).map(({ index }) => ({
    path: ['spec', 'clusters', index, 'inCluster'],
    message: `only one cluster may be the in-cluster one, and "${marked[0]?.one.name}" is`,
  }));
};

const checkClusterSource = (
  one: ClusterSourceManifest,
  index: number,
  clusters: readonly ClusterManifest[],
): Check[] => {
  const path: Path = ['spec', 'clustersFrom', index];
  const given = (['secretsIn', 'secretsManager', 'eks'] as const).filter((source) => one[source]);
  if (given.length !== 1) {
    const has = given.length === 0 ? 'it has none' : `it has ${given.join(' and ')}`;
    return [{ path, message: `needs exactly one of secretsIn, secretsManager, eks; ${has}` }];
  }
  if (one.eks && !one.eks.region && !one.eks.regions?.length) {
    return [{ path: [...path, 'eks'], message: 'needs region, or regions: where the clusters are' }];
  }
  if (!one.secretsIn || clusters.some(({ name }) => name === one.secretsIn?.cluster)) return [];
  const names = clusters.map(({ name }) => name).join(', ') || 'none';
  const message = `"${one.secretsIn.cluster}" is none of spec.clusters: ${names}`;
  return [{ path: [...path, 'secretsIn', 'cluster'], message }];
};

const checkSomeCluster = ({ clusters, clustersFrom }: FleetManifest['spec']): Check[] => {
  if (clusters?.length || clustersFrom?.length) return [];
  return [
    { path: ['spec', ...(clusters ? ['clusters'] : [])], message: 'has no clusters: give clusters or clustersFrom' },
  ];
};

/** What is allowed, and probably not meant: clusters that no commit status speaks of. */
export const doubtsOfFleet = ({ spec }: FleetManifest): Check[] => {
  const label = spec.environments?.clusterLabel ?? DEFAULT_LABEL;
  return (spec.clusters ?? []).flatMap((one, index) => {
    if (one.labels?.[label]) return [];
    const path: Path = ['spec', 'clusters', index];
    const message = `cluster "${one.name}" has no label "${label}": no commit status will tell what happens there; add labels: { ${label}: … }`;
    return [{ path, message }];
  });
};

/** Which label of a cluster names its environment, unless the fleet file says so. */
export const DEFAULT_LABEL = 'environment';

const duplicates = <Key extends string>(
  path: Path,
  key: Key,
  items: readonly { [key in Key]?: string | undefined }[],
  same: (a: string, b: string) => boolean,
): Check[] =>
  items.flatMap((item, index) => {
    const value = item[key];
    const first = items.findIndex((one) => value !== undefined && one[key] !== undefined && same(one[key], value));
    if (first < 0 || first >= index) return [];
    return [{ path: [...path, index, key], message: `"${value}" is there already, as ${fieldText([...path, first])}` }];
  });
