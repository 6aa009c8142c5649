import type { Json } from '../json.ts';
import type { ResourceType } from '../resource-types.ts';
import { apiVersionOf } from '../resource-types.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
/** Subresources that are served; the others answer 501 and are not announced. */
export const servedSubresources: readonly string[] = ['status', 'scale', 'finalize'];

interface Subresource {
  name: string;
  kind: { group: string; version: string; kind: string };
  verbs: string[];
}

const subresourcesOf = (type: ResourceType): Subresource[] =>
  type.subresources
    .filter((name) => servedSubresources.includes(name))
    .map((name) => ({
      name,
      kind:
        name === 'scale'
          ? { group: 'autoscaling', version: 'v1', kind: 'Scale' }
          : { group: type.group, version: type.version, kind: type.kind },
      verbs: name === 'finalize' ? ['update'] : ['get', 'patch', 'update'],
    }));

const extras = ({ shortNames, categories }: ResourceType): Json => ({
  ...(shortNames.length > 0 ? { shortNames } : {}),
  ...(categories.length > 0 ? { categories } : {}),
});

interface Group {
  name: string;
  versions: { version: string; types: ResourceType[] }[];
}

// Kubernetes orders versions by maturity, then number: v2 before v1 before v1beta1.
const rank = (version: string): number => {
  const [, major = '0', stage = '', minor = '0'] = /^v(\d+)(alpha|beta)?(\d+)?$/.exec(version) ?? [];
  const maturity = stage === '' ? 2 : stage === 'beta' ? 1 : 0;
  return maturity * 1_000_000 + Number(major) * 1_000 + Number(minor);
};

/** The groups in the order of their types, versions by preference. */
export const groupsOf = (types: readonly ResourceType[]): Group[] => {
  const groups = new Map<string, Map<string, ResourceType[]>>();
  for (const type of types) {
    const versions = groups.get(type.group) ?? new Map<string, ResourceType[]>();
    groups.set(type.group, versions);
    versions.set(type.version, [...(versions.get(type.version) ?? []), type]);
  }
  return [...groups].map(([name, versions]) => ({
    name,
    versions: [...versions]
      .map(([version, served]) => ({ version, types: served }))
      .sort((a, b) => rank(b.version) - rank(a.version)),
  }));
};

const aggregatedResource = (type: ResourceType): Json => ({
  resource: type.resource,
  responseKind: { group: '', version: '', kind: type.kind },
  scope: type.namespaced ? 'Namespaced' : 'Cluster',
  singularResource: type.singular,
  verbs,
  ...extras(type),
  ...(subresourcesOf(type).length > 0
    ? {
        subresources: subresourcesOf(type).map((one) => ({
          subresource: one.name,
          responseKind: one.kind,
          verbs: one.verbs,
        })),
      }
    : {}),
});

/** `APIGroupDiscoveryList` of one half of the API: the core group, or all others. */
export const aggregated = (types: readonly ResourceType[], version: string): Json => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: groupsOf(types).map(({ name, versions }) => ({
    metadata: { ...(name ? { name } : {}), creationTimestamp: null },
    versions: versions.map((one) => ({
      version: one.version,
      freshness: 'Current',
      resources: one.types.map(aggregatedResource),
    })),
  })),
});

/** One group as `/apis` and `/apis/GROUP` show it. */
export const apiGroup = ({ name, versions }: Group): Json => {
  const all = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, preferredVersion: all[0] };
};

/** `APIResourceList` of one group version. */
export const resourceList = (types: readonly ResourceType[]): Json => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: types[0] ? apiVersionOf(types[0]) : '',
  resources: types.flatMap((type) => [
    {
      name: type.resource,
      singularName: type.singular,
      namespaced: type.namespaced,
      kind: type.kind,
      verbs,
      ...extras(type),
      storageVersionHash: '',
    },
    ...subresourcesOf(type).map((one) => ({
      name: `${type.resource}/${one.name}`,
      singularName: '',
      namespaced: type.namespaced,
      ...(one.name === 'scale' ? { group: one.kind.group, version: one.kind.version } : {}),
      kind: one.kind.kind,
      verbs: one.verbs,
    })),
  ]),
});
