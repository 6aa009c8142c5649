/** One Kubernetes object as JSON, the shape that renderers make and the API server answers with. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
  [field: string]: unknown;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

export interface ManagedFieldsEntry {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: unknown;
  subresource?: string;
}

/** What names one object in a cluster; `namespace` is absent for cluster-scoped kinds, `group` is '' for core. */
export interface ResourceRef {
  group: string;
  version: string;
  kind: string;
  namespace?: string;
  name: string;
}

/** Splits `apps/v1` into group and version; the core group is ''. */
export const parseApiVersion = (apiVersion: string): { group: string; version: string } => {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
};

/** The reference of an object as it is written; an absent name is ''. */
export const refOf = (object: KubernetesObject): ResourceRef => ({
  ...parseApiVersion(object.apiVersion),
  kind: object.kind,
  ...(object.metadata.namespace ? { namespace: object.metadata.namespace } : {}),
  name: object.metadata.name ?? '',
});

/** `group/kind/namespace/name`: one object whatever its API version, usable as a map key. */
export const resourceKey = (ref: Pick<ResourceRef, 'group' | 'kind' | 'namespace' | 'name'>): string =>
  `${ref.group}/${ref.kind}/${ref.namespace ?? ''}/${ref.name}`;

/** The `resourceKey` of an object. */
export const keyOf = (object: KubernetesObject): string => resourceKey(refOf(object));
